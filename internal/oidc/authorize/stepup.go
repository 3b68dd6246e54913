package authorize

import (
	"context"

	"signet/internal/mfa"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// promptStepUp asks for a key of somebody who is signed in already (RFC 9470). Its
// interaction is a login of that person.
const promptStepUp = "step_up"

// errUnmet: the person cannot be authenticated as the client demands (OpenID
// Connect Core Error Code unmet_authentication_requirements 1.0).
var errUnmet = errs.New(400, "oidc.unmet_authentication_requirements").Describe("the End-User has no authenticator of the requested class")

// checkClasses notes the classes of authentication that the client demands. Those
// that nobody knows are left out, as voluntary ones may be; where none is left,
// any sign-in will do.
func checkClasses(_ context.Context, _ db.Q, rq *Request) error {
	rq.Params.Classes = proto.SplitScope(proto.IntersectScope(rq.sent.Get("acr_values"), proto.JoinScope(proto.Classes)))
	return nil
}

// classReason is why the session's sign-in is not enough.
func (s *standing) classReason() *errs.Error {
	switch {
	case len(s.Params.Classes) == 0, proto.ClassMet(s.Params.Classes, s.Session.AMR) != "":
		return nil
	case s.HasLoggedIn:
		return errUnmet
	}
	return proto.ErrInteractionRequired.Describe("End-User authentication of the requested class is required")
}

// canStepUp reports whether a user has a key of a demanded class.
func (rq *Request) canStepUp(ctx context.Context, q db.Q, userID string) (bool, error) {
	credentials, err := mfa.CredentialsOf(ctx, q, userID)
	return len(Suitable(rq.Params.Classes, credentials)) > 0, err
}

// Suitable returns those credentials whose use is of one of the classes.
func Suitable(classes []string, credentials []mfa.Credential) []mfa.Credential {
	var suitable []mfa.Credential
	for i := range credentials {
		method := proto.MethodSyncedKey
		if synced := credentials[i].IsBackupEligible; synced != nil && !*synced {
			method = proto.MethodHardwareKey
		}
		if proto.ClassMet(classes, []string{method}) != "" {
			suitable = append(suitable, credentials[i])
		}
	}
	return suitable
}

// StepsUp reports whether the interaction asks for a key of somebody who is
// signed in, in the session that it belongs to.
func (in *Interaction) StepsUp() bool { return in.Prompt == PromptLogin && in.UserID != nil }
