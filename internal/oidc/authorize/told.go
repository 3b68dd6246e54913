package authorize

import (
	"strings"

	"signet/internal/oidc/proto"
)

// told returns what of the request the audit trail may keep.
func (p *Params) told() map[string]any {
	told := proto.Params{proto.Resource: p.Resources}
	for name, value := range map[string]string{
		"client_id": p.ClientID, "redirect_uri": p.RedirectURI, "response_type": p.ResponseType,
		"scope": p.Scope, "prompt": strings.Join(p.Prompts, " "),
	} {
		if value != "" {
			told[name] = []string{value}
		}
	}
	return told.Told()
}
