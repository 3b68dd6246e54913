package oidcapi

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"signet/internal/audit"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/registration"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// registered is where clients manage what they have registered (RFC 7592 section
// 2).
const registered = proto.PathRegistration + "/{clientId}"

// registering serves an endpoint of tenants whose clients may register themselves;
// at others there is nothing.
func (a *API) registering(h func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		isOn, err := a.registrar.Enabled(r.Context(), tenant.From(r.Context()).DB)
		switch {
		case err != nil:
			return err
		case !isOn:
			return a.unknown(w, r)
		}
		web.AllowOrigin(w, r)
		noStore(w)
		return h(w, r)
	}
}

func (a *API) register(w http.ResponseWriter, r *http.Request) error {
	raw, err := readMetadata(w, r)
	if err != nil {
		return err
	}
	answer, done, err := a.registrar.Register(r.Context(), tenant.From(r.Context()), r.Header.Get("Authorization"), raw)
	if done == nil {
		return err
	}
	entry := audit.Entry{Key: "ClientRegistration.Create", ApplicationID: done.ClientID, Err: err}
	if done.InitialToken != "" {
		entry.Data = map[string]any{"initialAccessTokenId": done.InitialToken}
	}
	audit.Log(r.Context(), entry)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusCreated, answer)
}

func (a *API) readRegistration(w http.ResponseWriter, r *http.Request) error {
	answer, err := a.registrar.Read(r.Context(), tenant.From(r.Context()), r.Header.Get("Authorization"), r.PathValue("clientId"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, answer)
}

func (a *API) replaceRegistration(w http.ResponseWriter, r *http.Request) error {
	raw, err := readMetadata(w, r)
	if err != nil {
		return err
	}
	id := r.PathValue("clientId")
	answer, err := a.registrar.Replace(r.Context(), tenant.From(r.Context()), r.Header.Get("Authorization"), id, raw)
	if err = a.logOwn(r, "ClientRegistration.Update", id, err); err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, answer)
}

func (a *API) removeRegistration(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("clientId")
	err := a.registrar.Remove(r.Context(), tenant.From(r.Context()), r.Header.Get("Authorization"), id)
	if err = a.logOwn(r, "ClientRegistration.Delete", id, err); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// logOwn puts on record what a client did to its registration, and returns the error
// to answer. A token that is not the client's says nothing about the client, and comes
// from whoever likes.
func (a *API) logOwn(r *http.Request, key, id string, err error) error {
	if errors.Is(err, proto.ErrInvalidToken) {
		if limited := a.limit(r, "registration-token"); limited != nil {
			return limited
		}
		id = ""
	}
	audit.Log(r.Context(), audit.Entry{Key: key, ApplicationID: id, Err: err})
	return err
}

// readMetadata returns the body of a request, which must be JSON (RFC 7591 section
// 3.1).
func readMetadata(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, proto.ErrInvalidRequest.Describe("only application/json content-type bodies are supported on %s %s", r.Method, r.URL.Path)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, registration.MaxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, proto.ErrRequestTooLarge
	}
	if err != nil {
		return nil, proto.ErrInvalidRequest.Describe("failed to parse the request body").Wrap(err)
	}
	return raw, nil
}
