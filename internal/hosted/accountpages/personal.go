package accountpages

import (
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/user"
)

// maxName is the longest display name, in code points.
const maxName = 128

// editable refuses a page whose field the tenant does not let people change,
// before anything is typed into it.
func editable(v *visit, field accountcenter.Field) error {
	if !v.center.Editable(field) {
		return account.ErrNotEditable
	}
	return nil
}

func (p *Pages) editName(v *visit) error {
	if err := editable(v, accountcenter.Name); err != nil {
		return err
	}
	return p.showName(v, http.StatusOK, hosted.Field{Value: text(v.user.Name)})
}

func (p *Pages) showName(v *visit, status int, field hosted.Field) error {
	return p.render(v, status, hosted.EditName{
		Menu: p.menu(v), Form: p.taskForm(v, "/account/name", nil), Name: field, CancelURL: v.tenant.Path("/account"),
	})
}

func (p *Pages) saveName(v *visit) error {
	name := strings.TrimSpace(v.r.PostFormValue("name"))
	if utf8.RuneCountInString(name) > maxName || strings.ContainsRune(name, 0) {
		return p.showName(v, http.StatusUnprocessableEntity, hosted.Invalid(name, hosted.SayError(user.ErrValueTooLong)))
	}
	_, err := p.Engine.ChangeBasics(v.ctx(), v.caller, account.Basics{Name: &name})
	if err != nil {
		e, err := trouble(err)
		if err != nil {
			return err
		}
		return p.showName(v, e.Status, hosted.Invalid(name, hosted.SayError(e)))
	}
	if name == "" {
		return p.finish(v, doneNoName, "")
	}
	return p.finish(v, doneName, "")
}

func (p *Pages) editUsername(v *visit) error {
	if err := editable(v, accountcenter.Username); err != nil {
		return err
	}
	if !v.caller.SteppedUp {
		return account.ErrStepUpRequired
	}
	return p.showUsername(v, http.StatusOK, hosted.Field{Value: cmp.Or(v.task().identifier, text(v.user.Username))})
}

func (p *Pages) showUsername(v *visit, status int, field hosted.Field) error {
	return p.render(v, status, hosted.EditUsername{
		Menu: p.menu(v), Form: p.taskForm(v, "/account/username", nil), Username: field, CancelURL: v.tenant.Path("/account"),
	})
}

func (p *Pages) saveUsername(v *visit) error {
	username := strings.TrimSpace(v.r.PostFormValue("username"))
	_, err := p.Engine.ChangeBasics(v.ctx(), v.caller, account.Basics{Username: &username})
	if err != nil {
		e, err := trouble(err)
		if err != nil {
			return err
		}
		if e.Code == errInvalidInput {
			e = user.ErrUsernameInvalidCharset
		}
		return p.showUsername(v, e.Status, hosted.Invalid(username, hosted.SayError(e)))
	}
	return p.finish(v, doneUsername, "")
}

const errInvalidInput = "guard.invalid_input"

func (p *Pages) editPassword(v *visit) error {
	if err := editable(v, accountcenter.Password); err != nil {
		return err
	}
	if !v.caller.SteppedUp {
		return account.ErrStepUpRequired
	}
	return p.showPassword(v, http.StatusOK, hosted.Field{})
}

func (p *Pages) showPassword(v *visit, status int, field hosted.Field) error {
	experience, err := p.Experience.Get(v.ctx(), v.tenant.DB)
	if err != nil {
		return err
	}
	return p.render(v, status, hosted.ChangePassword{
		Menu: p.menu(v), Form: p.taskForm(v, "/account/password", nil), Username: text(v.user.Username), Password: field,
		MinLength: experience.PasswordPolicy.MinLength(), IsSet: v.user.HasPassword(), CancelURL: v.tenant.Path("/account"),
	})
}

func (p *Pages) savePassword(v *visit) error {
	err := p.Engine.ChangePassword(v.ctx(), v.caller, v.r.PostFormValue("password"))
	if err != nil {
		e, err := trouble(err)
		if err != nil {
			return err
		}
		return p.showPassword(v, e.Status, hosted.Field{Errors: hosted.SayPassword(e)})
	}
	return p.finish(v, donePassword, "")
}
