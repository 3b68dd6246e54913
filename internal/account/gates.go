package account

import (
	"signet/internal/accountcenter"
	"signet/internal/oidc/proto"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// gate is one check in front of an operation.
type gate func(v *visit) error

// pass returns the refusal of the first gate that is closed.
func (v *visit) pass(gates []gate) error {
	for _, check := range gates {
		if err := check(v); err != nil {
			return err
		}
	}
	return nil
}

// The operations and their gates, in the order in which they answer. Clients
// depend on the order and on the status of a missing scope, which differ from
// one operation to the next.
var (
	changeProfile  = []gate{edits(accountcenter.Profile), has(proto.ScopeProfile, errScopeMissing)}
	uploadAvatar   = []gate{has(proto.ScopeProfile, web.ErrUnauthorized), firstParty, edits(accountcenter.Avatar)}
	changePassword = []gate{firstParty, steppedUpIfPossible, edits(accountcenter.Password)}

	listFactors       = []gate{reads(accountcenter.MFA), has(proto.ScopeIdentities, web.ErrUnauthorized)}
	bindPasskey       = []gate{steppedUp, edits(accountcenter.Passkey), has(proto.ScopeIdentities, web.ErrUnauthorized), firstParty}
	renamePasskey     = bindPasskey
	removeFactor      = []gate{steppedUp, has(proto.ScopeIdentities, web.ErrUnauthorized), firstParty}
	readMFASettings   = []gate{has(proto.ScopeIdentities, web.ErrUnauthorized), reads(accountcenter.MFA)}
	changeMFASettings = []gate{steppedUp, has(proto.ScopeIdentities, web.ErrUnauthorized), firstParty, edits(accountcenter.MFA)}
	readConfigs       = []gate{has(proto.ScopeIdentities, web.ErrUnauthorized), reads(accountcenter.Passkey)}
	changeConfigs     = []gate{steppedUp, has(proto.ScopeIdentities, web.ErrUnauthorized), firstParty, edits(accountcenter.Passkey)}

	listSessions = []gate{steppedUp, reads(accountcenter.Session), has(proto.ScopeSessions, web.ErrUnauthorized)}
	endSession   = []gate{steppedUp, edits(accountcenter.Session), has(proto.ScopeSessions, web.ErrUnauthorized), firstParty}
	listGrants   = listSessions
	endGrant     = endSession

	// prove stands before everything that makes or answers a proof.
	prove = []gate{firstParty}
)

// changeBasics are the gates of a change of single properties.
func changeBasics(p Basics) []gate {
	var gates []gate
	for _, given := range []struct {
		field accountcenter.Field
		is    bool
	}{
		{accountcenter.Name, p.Name != nil}, {accountcenter.Avatar, p.Avatar != nil},
		{accountcenter.Username, p.Username != nil}, {accountcenter.CustomData, p.CustomData != nil},
	} {
		if given.is {
			gates = append(gates, edits(given.field))
		}
	}
	gates = append(gates, has(proto.ScopeProfile, errScopeMissing))
	if p.CustomData != nil {
		gates = append(gates, has(proto.ScopeCustomData, errScopeMissing))
	}
	gates = append(gates, firstParty)
	if p.Username != nil {
		gates = append(gates, steppedUp)
	}
	return gates
}

// reads lets pass where the tenant shows the field to users.
func reads(f accountcenter.Field) gate {
	return func(v *visit) error {
		if !v.settings.Readable(f) {
			return ErrNotReadable
		}
		return nil
	}
}

// edits lets pass where the tenant lets users change the field.
func edits(f accountcenter.Field) gate {
	return func(v *visit) error {
		if !v.settings.Editable(f) {
			return ErrNotEditable
		}
		return nil
	}
}

// has lets pass who was granted the scope.
func has(scope string, refusal *errs.Error) gate {
	return func(v *visit) error {
		if !proto.HasScope(v.caller.Scope, scope) {
			return refusal
		}
		return nil
	}
}

// firstParty refuses applications that do not belong to the operator.
func firstParty(v *visit) error {
	if !v.caller.FirstParty {
		return ErrThirdParty
	}
	return nil
}

// steppedUp lets pass who has just proved again to be the user.
func steppedUp(v *visit) error {
	if !v.caller.SteppedUp {
		return ErrStepUpRequired
	}
	return nil
}

// steppedUpIfPossible spares a user who has nothing to prove it with.
func steppedUpIfPossible(v *visit) error {
	if hasMethod(v.user) {
		return steppedUp(v)
	}
	return nil
}
