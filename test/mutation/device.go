package main

const (
	deviceOnce  = "TestDevice_FiftyAtOnceRedeemOnce/sqlite"
	deviceLife  = "TestDevice_Lifetime/sqlite"
	deviceForm  = "TestDevicePage_SaysWhatIsWrong"
	deviceNoes  = "TestDevice_RefusedRequests/sqlite"
	deviceGuess = "TestDevicePage_LimitsGuesses/sqlite"
)

// devices are the checks of the device authorization grant (RFC 8628), whose
// person and program are in two places.
var devices = []target{
	{file: "internal/oidc/grant/device.go", tests: "internal/server", mutants: []mutant{
		{"device code is the client's", drop(" || device.ClientID != rq.client.ID"), deviceNoes},
		{"no of the person counts", swap("case device.Status == token.DeviceDenied:", "case false:"), "TestDevice_DeniedByItsPerson/sqlite"},
		{"device code expires", swap("case device.ExpiresAt <= rq.now:", "case false:"), deviceLife},
		{"reuse is noticed", never("err == nil && !redeemed"), deviceOnce},
	}},
	{file: "internal/oidc/token/device.go", tests: "internal/server", mutants: []mutant{
		{"device code is spent once", drop(" AND consumed_at IS NULL"), deviceOnce},
		{"one person answers", swap("grant_id = $4, approval = $5\n\t\tWHERE tenant_id = $1 AND code_hash = $2 AND status = 'pending' AND", "grant_id = $4, approval = $5\n\t\tWHERE tenant_id = $1 AND code_hash = $2 AND"), "TestDevice_IsApprovedOnce/sqlite"},
		{"nobody answers too late", swap("AND expires_at > $3`,\n\t\thash, now, g.ID", "AND 0 < $3`,\n\t\thash, now, g.ID"), deviceLife},
	}},
	{file: "internal/oidc/authorize/request.go", tests: "internal/server", mutants: []mutant{
		{"client signs devices in", drop(`	{"the client signs devices in", checkDeviceGrant},` + "\n"), deviceNoes},
		{"devices are not silent", drop(`	{"a person may be asked", checkNotSilent},` + "\n"), deviceNoes},
	}},
	{file: "internal/oidc/authorize/device.go", tests: "internal/server", mutants: []mutant{
		{"guesses of an address are counted", swap("web.Info(ctx).IP, sentinel.UserCode", `"127.0.0.1", sentinel.UserCode`), deviceGuess},
		{"uses of one code are counted", swap(`"user-code "+hex.EncodeToString(device.Hash)`, `web.Info(ctx).IP+hex.EncodeToString(device.Hash)`), deviceGuess},
		{"requests of an address are counted", swap("web.Info(ctx).IP, sentinel.DeviceAuthorization", `"127.0.0.1", sentinel.DeviceAuthorization`), "TestDevice_LimitsRequests"},
		{"answered code is not answered again", swap("case device.Status != token.DevicePending:", "case false:"), "TestDevice_IsApprovedOnce/sqlite"},
		{"old code is not answered", swap("case device.ExpiresAt <= rq.now:\n\t\treturn nil, CodeExpired", "case false:\n\t\treturn nil, CodeExpired"), deviceLife},
	}},
	{file: "internal/oidc/oidcapi/device.go", tests: "internal/server", mutants: []mutant{
		{"form is this browser's", swap(`case xsrf == "" || !crypt.Equal([]byte(sent.Get("xsrf")), []byte(xsrf)):`, "case false && !crypt.Equal(nil, []byte(xsrf)):"), deviceForm},
		{"browser was given a form", drop(`xsrf == "" || `), deviceForm},
	}},
	{file: "internal/server/server.go", mutants: []mutant{
		{"other sites do not answer for devices", swap(" && path != proto.PathDevice", ` && path+"x" != proto.PathDevice`), "TestDevicePage_RefusesOtherSites"},
	}},
}
