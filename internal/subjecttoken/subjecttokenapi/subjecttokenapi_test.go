package subjecttokenapi_test

import (
	"regexp"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/crypt"
	"signet/internal/tenant"
)

func TestSubjectTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin").ID
		foreign := app.CreateUserIn(t, tenant.Admin, "ann").ID
		o := app.Operator(t)
		a := o.Want(201, "POST", "/api/subject-tokens", `{"userId":"`+robin+`","context":{"ticket":{"id":7}}}`)
		token := a.String("subjectToken")
		if !regexp.MustCompile(`^\{"subjectToken":"sub_[0-9a-z]{21}","expiresIn":600\}$`).MatchString(a.Text) {
			t.Errorf("made %s", a.Text)
		}
		now := app.Clock.Now().UnixMilli()
		if n := app.Count(t, tenant.Default, "subject_tokens",
			"token_hash = $2 AND user_id = $3 AND creator_id = 'test-operator' AND created_at = $4 AND expires_at = $5 AND consumed_at IS NULL",
			crypt.Hash(token), robin, now, now+600_000); n != 1 {
			t.Errorf("%d tokens are stored by their hash", n)
		}
		o.Want(201, "POST", "/api/subject-tokens", `{"userId":"`+robin+`"}`)
		app.Refused(t,
			`POST /api/subject-tokens {"userId":"none"} -> 404 entity.relation_foreign_key_not_found`,
			`POST /api/subject-tokens {"userId":"`+foreign+`"} -> 404 entity.relation_foreign_key_not_found`,
			`POST /api/subject-tokens {} -> 400 guard.invalid_input`,
			`POST /api/subject-tokens {"userId":"`+robin+`","context":[]} -> 400 guard.invalid_input`,
		)
	})
}
