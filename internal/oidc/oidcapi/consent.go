package oidcapi

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

const pathConsent = "/consent"

// maxConsent bounds the form and the body of a consent in bytes, maxOpened how
// many organizations one may name.
const (
	maxConsent = 64 << 10
	maxOpened  = 1000
)

// ConsentPage is the content of the page that asks a person whether an
// application may have what it asks for: a form that posts Token, as "token",
// "decision" = "allow" or "cancel", and any number of "organizationIds" to
// Action.
type ConsentPage struct {
	*authorize.Asked

	Action, Token string
	// SwitchURL asks the same for another account; "" if that cannot be done here.
	SwitchURL string
	// IsForeign says that an organization was named that is not the person's.
	IsForeign bool
}

// consent decides about the interaction that waits for it, or asks the person.
func (b *Browser) consent(w http.ResponseWriter, r *http.Request) error {
	in, err := b.waiting(r)
	if err == nil {
		err = b.decideOrAsk(w, r, in)
	}
	if e, ok := errs.As(err); ok && errors.Is(e, client.ErrNotAdmitted) {
		// It is what the page has to say. Programs ask the API.
		told := *e
		told.Status = http.StatusOK
		b.RenderError(w, r, &told)
		return nil
	}
	return b.unlessLost(w, r, err)
}

func (b *Browser) decideOrAsk(w http.ResponseWriter, r *http.Request, in *authorize.Interaction) error {
	ctx, t := r.Context(), tenant.From(r.Context())
	asked, err := b.Authorize.IsAsked(ctx, t.DB, in)
	if err != nil {
		return err
	}
	if asked {
		return b.ask(w, r, in, http.StatusOK)
	}
	target, err := b.Authorize.Consent(ctx, t.DB, in, nil)
	if err != nil {
		return err
	}
	goOn(w, http.StatusFound, target)
	return nil
}

func (b *Browser) ask(w http.ResponseWriter, r *http.Request, in *authorize.Interaction, status int) error {
	t := tenant.From(r.Context())
	asked, err := b.Authorize.Ask(r.Context(), t.DB, in)
	if err != nil {
		return err
	}
	page := ConsentPage{
		Asked: asked, Token: b.consentToken(t, in), IsForeign: status != http.StatusOK,
		Action: t.Path(pathConsent) + "?" + url.Values{"app_id": {in.ClientID}}.Encode(),
	}
	if again := in.Params.Again(); again != "" {
		page.SwitchURL = t.Path(again)
	}
	noStore(w)
	return b.RenderConsent(w, r, status, page)
}

// consentToken binds the form to its interaction. It is known to its page alone.
func (b *Browser) consentToken(t *tenant.Tenant, in *authorize.Interaction) string {
	return base64.RawURLEncoding.EncodeToString(b.Authorize.Ring.MAC("consent form", t.ID, in.UID))
}

// decide does what the person has decided on the page.
func (b *Browser) decide(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxConsent)
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return proto.ErrInvalidRequest.Describe("malformed form")
	}
	in, err := b.waiting(r)
	if err != nil {
		return b.unlessLost(w, r, err)
	}
	ctx, t := r.Context(), tenant.From(r.Context())
	target, form := "", r.PostForm
	switch {
	case !crypt.Equal([]byte(form.Get("token")), []byte(b.consentToken(t, in))), !slices.Contains([]string{"allow", "cancel"}, form.Get("decision")):
		// The page was made for another request than the one that waits now.
		target = t.Path(pathConsent) + "?" + url.Values{"app_id": {in.ClientID}}.Encode()
	case form.Get("decision") == "cancel":
		target, err = b.Authorize.Deny(ctx, t.DB, in)
	case len(form["organizationIds"]) > maxOpened:
		err = proto.ErrInvalidRequest.Describe("too many organizations")
	default:
		target, err = b.Authorize.Consent(ctx, t.DB, in, form["organizationIds"])
	}
	if errors.Is(err, authorize.ErrNoMember) {
		return b.ask(w, r, in, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return b.unlessLost(w, r, err)
	}
	goOn(w, http.StatusSeeOther, target)
	return nil
}

// waiting returns the interaction that the browser takes part in.
func (b *Browser) waiting(r *http.Request) (*authorize.Interaction, error) {
	return authorize.InteractionFromRequest(r.Context(), tenant.From(r.Context()).DB, b.Authorize.Clock.Millis(), r)
}

// unlessLost tells people without an interaction where to begin. The second of
// two clicks goes where the first went.
func (b *Browser) unlessLost(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, authorize.ErrNotFound) && !errors.Is(err, authorize.ErrConflict) {
		return err
	}
	t := tenant.From(r.Context())
	if target, ok := authorize.Continuation(r.Context(), t.DB, b.Authorize.Clock.Millis(), r); ok && r.Method == http.MethodPost {
		goOn(w, http.StatusSeeOther, target)
		return nil
	}
	b.RenderUnknownSession(w, r)
	return nil
}

type interactionKey struct{}

// awaitsConsent guards what concerns the interaction that waits for the person's
// consent.
func (b *Browser) awaitsConsent() web.Guard {
	return web.Guard{Name: "interaction", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		in, err := b.waiting(r)
		if err != nil {
			return nil, err
		}
		return context.WithValue(ctx, interactionKey{}, in), nil
	}}
}

type consentIn struct {
	OrganizationIDs []string `json:"organizationIds,omitempty" check:"max=21"`
}

// consentOut is where the browser goes on.
type consentOut struct {
	RedirectTo string `json:"redirectTo"`
}

func (b *Browser) showConsent(ctx context.Context, _ *struct{}) (*authorize.Asked, error) {
	return b.Authorize.Ask(ctx, tenant.From(ctx).DB, ctx.Value(interactionKey{}).(*authorize.Interaction))
}

func (b *Browser) giveConsent(ctx context.Context, in *consentIn) (*consentOut, error) {
	target, err := b.Authorize.Consent(ctx, tenant.From(ctx).DB, ctx.Value(interactionKey{}).(*authorize.Interaction), in.OrganizationIDs)
	return &consentOut{target}, err
}
