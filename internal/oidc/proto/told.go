package proto

// Kinds of tokens as the audit trail names them.
const (
	KindAccessToken  = "AccessToken"
	KindRefreshToken = "RefreshToken"
	KindIDToken      = "IdToken"
)

// tellable are the parameters that may be on record: who knows them gets nothing.
// Codes, tokens, secrets, assertions, verifiers and state are none of them.
var tellable = []string{
	"client_id", "grant_type", "response_type", "redirect_uri", "scope", Resource, "organization_id", "prompt",
	"subject_token_type", "actor_token_type", "requested_token_type", "token_type_hint",
}

// maxTold is how many bytes of a value are told, for nobody has vouched for it.
const maxTold = 512

// Told returns the parameters that the audit trail may keep: a text, or a list of
// them for what was repeated.
func (p Params) Told() map[string]any {
	told := make(map[string]any, len(p))
	for _, name := range tellable {
		switch values := p[name]; len(values) {
		case 0:
		case 1:
			told[name] = clipped(values[0])
		default:
			list := make([]any, min(len(values), 16))
			for i := range list {
				list[i] = clipped(values[i])
			}
			told[name] = list
		}
	}
	return told
}

func clipped(value string) string { return value[:min(len(value), maxTold)] }
