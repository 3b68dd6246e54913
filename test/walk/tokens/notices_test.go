package tokens_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// notices are what applications are told by back-channel logout, and what they may
// and must be told. Delivery takes its time: it is looked at after the last walk.
type notices struct {
	uri string

	mu       sync.Mutex
	received []string
	may      map[string]bool // client and subject
	must     map[string]bool // client, subject and sid
}

// listen begins to listen for one server.
func listen(t *testing.T) *notices {
	n := &notices{may: map[string]bool{}, must: map[string]bool{}}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.received = append(n.received, r.PostFormValue("logout_token"))
	}))
	t.Cleanup(receiver.Close)
	n.uri = receiver.URL + "/told"
	return n
}

// expectNotice notes that an app is told that a session of a person has ended, if
// it wants to be; sid is "" if no ID token has told it.
func (n *notices) expectNotice(a *app, p *person, sid string) {
	if !a.wantsNotice || a.isGone {
		return
	}
	n.may[a.ID+" "+p.id] = true
	if a.wantsSession && sid != "" {
		n.must[strings.Join([]string{a.ID, p.id, sid}, " ")] = true
	}
}

// forgive notes that an app is gone: what it has not been told yet it need not be.
func (n *notices) forgive(a *app) {
	for line := range n.must {
		if strings.HasPrefix(line, a.ID+" ") {
			delete(n.must, line)
		}
	}
}

// told fails the test unless applications have been told what they must, and
// nothing that they must not.
func (s *site) told(t *testing.T) {
	t.Helper()
	const patience = 20 * time.Second
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		s.mu.Lock()
		received := s.received
		s.received = nil
		s.mu.Unlock()
		for _, raw := range received {
			s.judge(t, raw)
		}
		if len(s.must) == 0 {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("of %d notices none has come: %v", len(s.must), s.must)
		}
	}
}

// judge reads a logout token (OpenID Connect Back-Channel Logout section 2.4).
func (s *site) judge(t *testing.T, raw string) {
	t.Helper()
	header, claims, err := s.open(raw)
	if err != nil {
		t.Errorf("logout token %s: %v", raw, err)
		return
	}
	client, _ := claims["aud"].(string)
	subject, _ := claims["sub"].(string)
	sid, _ := claims["sid"].(string)
	events, _ := claims["events"].(map[string]any)
	if !s.may[client+" "+subject] || header["typ"] != "logout+jwt" || claims["iss"] != s.URL+"/oidc" || claims["nonce"] != nil ||
		events["http://schemas.openid.net/event/backchannel-logout"] == nil {
		t.Errorf("nobody expects the logout token %v %v", header, claims)
	}
	delete(s.must, strings.Join([]string{client, subject, sid}, " "))
}
