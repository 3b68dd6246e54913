package signinexpapi

import (
	"context"

	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

type checkPasswordIn struct {
	Password string  `json:"password" check:"min=1,max=1024"`
	UserID   *string `json:"userId" check:"max=21"`
}

// checkPasswordOut says whether a password may be used. The message is there
// for clients that show the message of any refusal.
type checkPasswordOut struct {
	Result  bool         `json:"result"`
	Issues  []user.Issue `json:"issues,omitempty"`
	Message string       `json:"message,omitempty"`
}

func (a *API) checkPassword(ctx context.Context, in *checkPasswordIn) (*checkPasswordOut, error) {
	t := tenant.From(ctx)
	s, err := signinexp.Get(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	var info user.UserInfo
	if in.UserID != nil {
		u, err := user.ByID(ctx, t.DB, *in.UserID)
		if err != nil {
			return nil, err
		}
		info = u.Info()
	}
	issues := s.PasswordPolicy.Check(ctx, in.Password, info, a.Pwned)
	if len(issues) == 0 {
		return &checkPasswordOut{Result: true}, nil
	}
	web.SetStatus(ctx, 400)
	return &checkPasswordOut{Issues: issues, Message: web.Message(ctx, user.ErrPasswordRejected)}, nil
}

type caseConflictsIn struct {
	Limit *int `query:"limit" check:"min=1,max=100" example:"20"`
}

func (a *API) caseConflicts(ctx context.Context, in *caseConflictsIn) (*user.CaseConflicts, error) {
	limit := 20
	if in.Limit != nil {
		limit = *in.Limit
	}
	return user.FindCaseConflicts(ctx, tenant.From(ctx).DB, limit)
}
