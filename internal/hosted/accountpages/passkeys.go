package accountpages

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/mfa"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// pathAddPasskey is the page on which a passkey is made.
const pathAddPasskey = "/account/passkey/add"

func (p *Pages) createPasskey(v *visit) error {
	if err := editable(v, accountcenter.Passkey); err != nil {
		return err
	}
	experience, err := p.Experience.Get(v.ctx(), v.tenant.DB)
	if err != nil {
		return err
	}
	if !offersPasskeys(experience) {
		return account.ErrFactorDisabled
	}
	credentials, err := mfa.CredentialsOf(v.ctx(), v.tenant.DB, v.user.ID)
	if err != nil {
		return err
	}
	if len(credentials) >= mfa.MaxCredentials {
		return p.done(v, doneFull, "")
	}
	if !v.caller.SteppedUp {
		return account.ErrStepUpRequired
	}
	return p.showCreation(v, http.StatusOK, "")
}

// showCreation renders the page with a fresh challenge; failure says why the
// last try, or naming the passkey, did not work. Wherever it is shown, it leads on
// from pathAddPasskey.
func (p *Pages) showCreation(v *visit, status int, failure string) error {
	record, options, err := p.Engine.StartRegistration(v.ctx(), v.caller)
	if errors.Is(err, mfa.ErrTooMany) {
		return p.done(v, doneFull, "")
	}
	if err != nil {
		return err
	}
	encoded, err := encode(options)
	if err != nil {
		return err
	}
	return p.render(v, status, hosted.CreatePasskey{
		Menu: p.menu(v), Form: p.formTo(v, pathAddPasskey, v.task().with(url.Values{"record": {record.ID}})),
		Ceremony:  hosted.Ceremony{Options: encoded, Failure: failure, AgainURL: v.link(pathAddPasskey, v.task().with(nil))},
		CancelURL: v.tenant.Path("/account"), Named: true,
	})
}

func (p *Pages) passkeyCreated(v *visit) error {
	record := v.r.URL.Query().Get("record")
	var payload mfa.RegistrationPayload
	err := web.Decode([]byte(v.r.PostFormValue("credential")), &payload)
	if err != nil {
		err = mfa.ErrFailed.Wrap(err)
	} else {
		_, err = p.Engine.FinishRegistration(v.ctx(), v.caller, record, &payload)
	}
	if err != nil {
		e, ok := errs.As(err)
		if !ok || e.Status >= http.StatusInternalServerError {
			return err
		}
		return p.showCreation(v, e.Status, failure(err))
	}
	return p.bindCreated(v, record)
}

// bindCreated makes the passkey of a proved registration the person's at once,
// under a name of ours: who leaves before naming it has it all the same.
func (p *Pages) bindCreated(v *visit, record string) error {
	name, err := p.suggestion(v, record)
	if err != nil {
		return p.notBound(v, err)
	}
	credential, err := p.Engine.BindPasskey(v.ctx(), v.caller, record, &name)
	switch {
	case errors.Is(err, account.ErrStepUpRequired):
		// The key need not be touched again: the registration waits for the step-up.
		p.detour(v, "/account/passkey/name", v.task().with(url.Values{"record": {record}}).Encode())
		return nil
	case err != nil:
		return p.notBound(v, err)
	}
	target := v.tenant.Path("/account/passkey/name") + "?" + v.task().with(url.Values{"id": {credential.ID}}).Encode()
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
	return nil
}

func (p *Pages) notBound(v *visit, err error) error {
	switch {
	case errors.Is(err, account.ErrRecordNotFound):
		return p.showCreation(v, http.StatusBadRequest, hosted.FailExpired)
	case errors.Is(err, mfa.ErrRegistered):
		return p.showCreation(v, http.StatusUnprocessableEntity, hosted.FailAlreadyRegistered)
	case errors.Is(err, mfa.ErrTooMany):
		return p.done(v, doneFull, "")
	}
	return err
}

// suggestion returns a name for the passkey of a proved registration.
func (p *Pages) suggestion(v *visit, record string) (string, error) {
	credential, err := p.Engine.PendingPasskey(v.ctx(), v.caller, record)
	if err != nil {
		return "", err
	}
	return mfa.SuggestName(credential, web.Info(v.ctx()).UserAgent, p.Renderer.Lang(v.r)), nil
}

// namePasskey asks for a name for the passkey of the query: one that is saved
// already or, after a step-up that came too late, one that is still to be bound.
func (p *Pages) namePasskey(v *visit) error {
	if id := v.r.URL.Query().Get("id"); id != "" {
		credential, _, err := p.passkeyByID(v, id)
		if err != nil || credential == nil {
			return err
		}
		return p.showNaming(v, http.StatusOK, hosted.Field{Value: p.nameOf(v, credential)})
	}
	name, err := p.suggestion(v, v.r.URL.Query().Get("record"))
	if errors.Is(err, account.ErrRecordNotFound) {
		// Saved already, or too late: the list tells which.
		http.Redirect(v.w, v.r, v.tenant.Path("/account")+"#two-factor", http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return p.showNaming(v, http.StatusOK, hosted.Field{Value: name})
}

func (p *Pages) showNaming(v *visit, status int, field hosted.Field) error {
	query, which := v.r.URL.Query(), "record"
	if query.Get("id") != "" {
		which = "id"
	}
	return p.render(v, status, hosted.NamePasskey{
		Menu: p.menu(v), Form: p.taskForm(v, "/account/passkey/name", url.Values{which: {query.Get(which)}}), Name: field, Pending: which == "record",
	})
}

func (p *Pages) savePasskey(v *visit) error {
	name, problem := passkeyName(v.r)
	if problem != nil {
		return p.showNaming(v, http.StatusUnprocessableEntity, hosted.Invalid(name, *problem))
	}
	if id := v.r.URL.Query().Get("id"); id != "" {
		return p.nameSaved(v, id, name)
	}
	credential, err := p.Engine.BindPasskey(v.ctx(), v.caller, v.r.URL.Query().Get("record"), &name)
	if err != nil {
		return p.notBound(v, err)
	}
	return p.finish(v, donePasskey, credential.ID)
}

// nameSaved gives a passkey that has just been added the name that the person
// chose.
func (p *Pages) nameSaved(v *visit, id, name string) error {
	credential, _, err := p.passkeyByID(v, id)
	if err != nil || credential == nil {
		return err
	}
	if name != text(credential.Name) {
		err = p.Engine.RenamePasskey(v.ctx(), v.caller, id, name)
	}
	if errors.Is(err, account.ErrRecordNotFound) {
		return p.done(v, doneGone, "")
	}
	if err != nil {
		return err
	}
	return p.finish(v, donePasskey, credential.ID)
}

// passkey returns the passkey of the page's path, and all.
func (p *Pages) passkey(v *visit) (*mfa.Credential, []mfa.Credential, error) {
	return p.passkeyByID(v, v.r.PathValue("id"))
}

// passkeyByID returns one of the person's passkeys, and all. One that another
// session has removed meanwhile leads back to the list, which says so.
func (p *Pages) passkeyByID(v *visit, id string) (*mfa.Credential, []mfa.Credential, error) {
	if err := editable(v, accountcenter.Passkey); err != nil {
		return nil, nil, err
	}
	credentials, err := mfa.CredentialsOf(v.ctx(), v.tenant.DB, v.user.ID)
	if err != nil {
		return nil, nil, err
	}
	for i := range credentials {
		if credentials[i].ID == id {
			return &credentials[i], credentials, nil
		}
	}
	return nil, nil, p.done(v, doneGone, "")
}

func (p *Pages) renamePasskey(v *visit) error {
	credential, _, err := p.passkey(v)
	if err != nil || credential == nil {
		return err
	}
	if !v.caller.SteppedUp {
		return account.ErrStepUpRequired
	}
	return p.showRename(v, http.StatusOK, credential, hosted.Field{Value: p.nameOf(v, credential)})
}

func (p *Pages) showRename(v *visit, status int, c *mfa.Credential, field hosted.Field) error {
	return p.render(v, status, hosted.RenamePasskey{
		Menu: p.menu(v), Form: p.form(v, nil), Current: p.nameOf(v, c), Name: field, CancelURL: v.tenant.Path("/account"),
	})
}

func (p *Pages) saveRename(v *visit) error {
	credential, _, err := p.passkey(v)
	if err != nil || credential == nil {
		return err
	}
	name, problem := passkeyName(v.r)
	if problem != nil {
		return p.showRename(v, http.StatusUnprocessableEntity, credential, hosted.Invalid(name, *problem))
	}
	err = p.Engine.RenamePasskey(v.ctx(), v.caller, credential.ID, name)
	if errors.Is(err, account.ErrRecordNotFound) {
		return p.done(v, doneGone, "")
	}
	if err != nil {
		return err
	}
	return p.done(v, doneRename, credential.ID)
}

func (p *Pages) removePasskey(v *visit) error {
	credential, all, err := p.passkey(v)
	if err != nil || credential == nil {
		return err
	}
	if !v.caller.SteppedUp {
		return account.ErrStepUpRequired
	}
	experience, err := p.Experience.Get(v.ctx(), v.tenant.DB)
	if err != nil {
		return err
	}
	page := hosted.RemovePasskey{Menu: p.menu(v), Form: p.form(v, nil), Name: p.nameOf(v, credential), CancelURL: v.tenant.Path("/account")}
	if len(all) == 1 {
		if page.Last, err = whatIsLeft(v, experience); err != nil {
			return err
		}
	}
	return p.render(v, http.StatusOK, page)
}

func (p *Pages) saveRemoval(v *visit) error {
	credential, _, err := p.passkey(v)
	if err != nil || credential == nil {
		return err
	}
	err = p.Engine.RemoveFactor(v.ctx(), v.caller, credential.ID)
	if errors.Is(err, account.ErrRecordNotFound) {
		return p.done(v, doneGone, "")
	}
	if err != nil {
		return err
	}
	return p.done(v, doneRemoval, "")
}

func (p *Pages) lostKey(v *visit) error {
	return p.render(v, http.StatusOK, hosted.LostKey{
		Menu: p.menu(v), User: cmp.Or(text(v.user.Username), v.user.ID), BackURL: v.tenant.Path("/account") + "#two-factor",
	})
}
