package authorize

import (
	"net/url"
	"testing"

	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// A refusal says what an error_description can hold (RFC 6749 section 4.1.2.1),
// and repeats the state as it came.
func TestErrorAnswer(t *testing.T) {
	t.Parallel()
	endpoint, err := url.Parse("https://id.example.com")
	if err != nil {
		t.Fatal(err)
	}
	refusal := proto.ErrInvalidRequest.Describe("no \"\u00e4\\\n~")
	got := errorAnswer(tenant.New(tenant.Default, endpoint, &db.Pool{}), &Params{State: "\"\u00e4"}, refusal).encode()
	if got != "error=invalid_request&error_description=no+~&state=%22%C3%A4&iss=https%3A%2F%2Fid.example.com%2Foidc" {
		t.Error(got)
	}
}
