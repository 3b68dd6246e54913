package logout

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/job"
	"signet/internal/tenant"
)

const (
	// answerTime is how long an application may take to accept a logout token.
	answerTime = 5 * time.Second
	// logoutTokenTTL bounds the life of a logout token, which is signed anew for
	// each attempt: at most two minutes are recommended.
	logoutTokenTTL = 2 * time.Minute
)

// errNotTold is why an application could not be told; it is for the audit trail.
var errNotTold = errs.New(502, "oidc.backchannel_logout_failed")

// Dispatcher tells applications that the session of a user has ended (OpenID
// Connect Back-Channel Logout section 2.5).
type Dispatcher struct {
	Clients *client.Directory
	Keys    *token.Keys
	Clock   clock.Clock
	// HTTP makes the calls; it should refuse addresses of private networks.
	HTTP *http.Client
	// Tenant returns the tenant of an id, nil if it is not served any more.
	Tenant func(id string) *tenant.Tenant
	Trail  *audit.Trail
}

// Work is how the notices of package token become calls: again after a failure,
// five times within some forty minutes.
func (d *Dispatcher) Work() job.Kind {
	return job.Kind{
		Timeout: 2 * answerTime, Do: d.deliver,
		Retries: []time.Duration{10 * time.Second, time.Minute, 8 * time.Minute, 30 * time.Minute},
	}
}

// deliver tells one application. What it has told, or tried to, is put on
// record; a notice that has become pointless is done.
func (d *Dispatcher) deliver(ctx context.Context, tenantID string, payload json.RawMessage) error {
	var notice token.LogoutNotice
	if err := json.Unmarshal(payload, &notice); err != nil {
		return err
	}
	t := d.Tenant(tenantID)
	if t == nil {
		return nil
	}
	ctx, flush := d.Trail.Collect(tenant.With(ctx, t))
	defer flush()
	c, err := d.addressee(ctx, t.DB, &notice)
	if err != nil || c == nil {
		return err
	}
	signed, err := d.sign(ctx, t, c, &notice)
	if err != nil {
		return err
	}
	err = d.post(ctx, c.BackchannelLogoutURI, signed)
	audit.Log(ctx, audit.Entry{Key: "BackchannelLogout", UserID: notice.UserID, ApplicationID: c.ID, Err: err})
	return err
}

// addressee returns the application of a notice as it is registered now; nil if
// it need not be told any more.
func (d *Dispatcher) addressee(ctx context.Context, q db.Q, n *token.LogoutNotice) (*client.Client, error) {
	c, err := d.Clients.ByID(ctx, tenant.From(ctx), q, n.ClientID)
	if client.IsGone(err) {
		return nil, nil
	}
	if err != nil || c.BackchannelLogoutURI == "" || (c.HasSID && n.SID == "") {
		return nil, err
	}
	if !c.HasSID {
		if returned, err := n.HasReturned(ctx, q); err != nil || returned {
			return nil, err
		}
	}
	return c, nil
}

func (d *Dispatcher) sign(ctx context.Context, t *tenant.Tenant, c *client.Client, n *token.LogoutNotice) (string, error) {
	keys, err := d.Keys.Set(ctx, t.DB)
	if err != nil {
		return "", err
	}
	logout := token.LogoutToken{
		Issuer: t.Issuer(), Subject: n.UserID, Audience: c.ID, IssuedAt: d.Clock.Millis(), TTL: logoutTokenTTL,
		Algorithm: c.IDTokenAlgorithm,
	}
	if c.HasSID {
		logout.SID = n.SID
	}
	return keys.SignLogout(logout)
}

// post sends a logout token. What the application answers beside its status is
// of no interest and is not read.
func (d *Dispatcher) post(ctx context.Context, uri, signed string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	body := url.Values{"logout_token": {signed}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, uri, strings.NewReader(body))
	if err != nil {
		return errNotTold.Describe("the back-channel logout URI is malformed").Wrap(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := d.HTTP.Do(r)
	if err != nil {
		return errNotTold.Describe("the application could not be reached").Wrap(err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("close the application's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		return errNotTold.Describe("the application answered %d", res.StatusCode)
	}
	return nil
}
