package authorize

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
)

// PathDevicePage is the page on which people type the code that a device shows.
// Its query says what it shows: app_id, organization_id and ui_locales of the
// device's request, and user_code to confirm, or input_code and error.
const PathDevicePage = "/device"

// PathDeviceDone is the page that sends people back to their device.
const PathDeviceDone = PathDevicePage + "/success"

// CodeError is why a user code leads nowhere, by the name that pages know it by.
type CodeError string

// What may be wrong with a user code.
const (
	CodeMissing     CodeError = "NoCodeError"
	CodeUnknown     CodeError = "NotFoundError"
	CodeExpired     CodeError = "ExpiredError"
	CodeAlreadyUsed CodeError = "AlreadyUsedError"
	// CodeAborted says that the person has said no.
	CodeAborted CodeError = "AbortedError"
	// CodeUnproven says that the form is not one that this browser was given.
	CodeUnproven CodeError = "InvalidRequest"
)

func (e CodeError) Error() string { return "authorize: user code: " + string(e) }

// DeviceCodes are what a device gets: one code to ask for its tokens with, and
// one that a person types, in the form of token.UserCode.
type DeviceCodes struct{ Device, User string }

// AuthorizeDevice checks the request of a device (RFC 8628 section 3.1), whose
// client has proved to be itself, and lets it wait for token.DeviceTTL. The
// errors are those of the protocol, and sentinel.ErrRateLimited.
func (e *Engine) AuthorizeDevice(ctx context.Context, d *db.DB, sent proto.Params) (*DeviceCodes, error) {
	err := e.Limiter.AllowAddress(ctx, d, e.Clock, "device-authorization", web.Info(ctx).IP, sentinel.DeviceAuthorization)
	if err != nil {
		return nil, err
	}
	rq := &Request{engine: e, sent: sent, now: e.Clock.Millis()}
	for _, c := range byDevice {
		if err := c.run(ctx, d, rq); err != nil {
			return nil, err
		}
	}
	params, err := json.Marshal(rq.Params)
	if err != nil {
		return nil, err
	}
	var codes DeviceCodes
	codes.Device, codes.User, err = token.IssueDevice(ctx, d, rq.now, rq.Client.ID, params)
	return &codes, err
}

func checkDeviceGrant(_ context.Context, _ db.Q, rq *Request) error {
	if !rq.Client.AllowsGrant(proto.GrantDeviceCode) {
		return proto.ErrUnauthorizedClient.Describe("%s is not allowed for this client", proto.GrantDeviceCode)
	}
	return nil
}

// WaitingDevice returns the request of the device that shows a user code, as a
// person has typed it. The errors are a CodeError and sentinel.ErrRateLimited:
// neither an address nor one code can be tried without end.
func (e *Engine) WaitingDevice(ctx context.Context, d *db.DB, typed string) (*Request, error) {
	if typed == "" {
		return nil, CodeMissing
	}
	if err := e.Limiter.AllowAddress(ctx, d, e.Clock, "user-code", web.Info(ctx).IP, sentinel.UserCode); err != nil {
		return nil, err
	}
	userCode := token.UserCode(typed)
	if userCode == "" {
		return nil, CodeUnknown
	}
	device, err := token.DeviceByUserCode(ctx, d, userCode)
	if err != nil {
		return nil, err
	}
	if device == nil {
		return nil, CodeUnknown
	}
	if err := e.Limiter.Allow(ctx, d, e.Clock, "user-code "+hex.EncodeToString(device.Hash), sentinel.OneUserCode); err != nil {
		return nil, err
	}
	return e.requestOf(ctx, d, device)
}

// requestOf restores the request of a device that still waits.
func (e *Engine) requestOf(ctx context.Context, q db.Q, device *token.DeviceCode) (*Request, error) {
	rq := &Request{engine: e, now: e.Clock.Millis(), sent: proto.Params{"client_id": {device.ClientID}}}
	switch {
	case device.ExpiresAt <= rq.now:
		return nil, CodeExpired
	case device.Status != token.DevicePending:
		return nil, CodeAlreadyUsed
	}
	for _, c := range ofDevice {
		err := c.run(ctx, q, rq)
		if client.IsGone(err) || errors.Is(err, proto.ErrUnauthorizedClient) {
			return nil, CodeUnknown // the application is gone
		}
		if err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal(device.Params, &rq.Params); err != nil {
		return nil, err
	}
	rq.Params.Device = device.Hash
	return rq, nil
}

// Application tells who asks.
func (rq *Request) Application(ctx context.Context, q db.Q) (AskingApplication, error) {
	return applicationOf(ctx, q, rq.Client)
}

// approveDevice lets the device have tokens. Signing in takes time: meanwhile the
// code may have expired, or somebody else have answered.
func (rq *Request) approveDevice(ctx context.Context, tx *db.Tx, grant *token.Grant, approval token.Approval) (CodeError, error) {
	ok, err := token.ApproveDevice(ctx, tx, rq.now, rq.Params.Device, grant, approval)
	if err != nil || ok {
		return "", err
	}
	device, err := token.DeviceByHash(ctx, tx, rq.Params.Device)
	switch {
	case err != nil:
		return "", err
	case device == nil || device.ExpiresAt <= rq.now:
		return CodeExpired, nil
	}
	return CodeAlreadyUsed, nil
}

// DenyDevice ends the wait of a device whose person has said no: it is told so.
func (e *Engine) DenyDevice(ctx context.Context, q db.Q, rq *Request) error {
	return token.DenyDevice(ctx, q, rq.now, rq.Params.Device)
}

// DevicePage returns the page, relative to the endpoint, on which a person
// confirms the user code of the request.
func (p *Params) DevicePage(userCode string) string {
	return p.devicePage("user_code", userCode, "")
}

// CodeErrorPage returns the page, relative to the endpoint, on which a person
// whose code leads nowhere types another one. What was typed stands there, but for
// what could never have been a code.
func CodeErrorPage(typed string, trouble CodeError) string {
	if len(typed) > token.MaxTypedCode {
		typed = ""
	}
	return (&Params{}).devicePage("input_code", typed, trouble)
}

func (p *Params) devicePage(name, code string, trouble CodeError) string {
	query := orderedQuery{}
	query.add("app_id", p.ClientID)
	query.add("organization_id", p.OrganizationID)
	query.add("ui_locales", p.UILocales)
	query.add(name, code)
	query.add("error", string(trouble))
	return PathDevicePage + query.encode()
}

// devicePage is where a person goes who has answered for a device.
func (o *Outcome) devicePage() string {
	if o.Trouble != "" {
		return o.Params.devicePage("", "", o.Trouble)
	}
	return PathDeviceDone
}
