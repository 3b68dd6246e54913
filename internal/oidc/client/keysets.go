package client

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"

	"signet/internal/application"
	"signet/internal/platform/bounded"
	"signet/internal/platform/clock"
)

const (
	// maxKeySet bounds a published key set, in bytes.
	maxKeySet = 64 << 10
	// keySetLife is how long a fetched key set is believed.
	keySetLife = 10 * time.Minute
	// keySetPause is how long its address is left alone, whatever is missing.
	keySetPause = 30 * time.Second
)

// keySets are the key sets that clients publish, as they were fetched last.
type keySets struct {
	outbound *http.Client
	clock    clock.Clock
	fetched  *bounded.Map[string, *keySet]
	flight   singleflight.Group
}

type keySet struct {
	keys []jose.JSONWebKey
	err  error // why there are none
	at   int64
}

func newKeySets(outbound *http.Client, now clock.Clock) *keySets {
	return &keySets{outbound: outbound, clock: now, fetched: bounded.New[string, *keySet](1024)}
}

// get returns the keys that are published at an address. A key id that is not
// among them may be a new one: then they are fetched again, but nobody can have
// us do so all the time. What cannot be fetched is a reason to refuse.
func (s *keySets) get(ctx context.Context, uri, keyID string) ([]jose.JSONWebKey, error) {
	set, ok := s.fetched.Get(uri)
	if !ok || !set.holds(s.clock.Millis(), keyID) {
		found, _, _ := s.flight.Do(uri, func() (any, error) {
			// Others wait for the same answer: it must not end with one request.
			set := s.fetch(context.WithoutCancel(ctx), uri)
			s.fetched.Set(uri, set)
			return set, nil
		})
		set = found.(*keySet)
	}
	return set.keys, set.err
}

// holds reports whether the set need not be fetched again for a key.
func (s *keySet) holds(now int64, keyID string) bool {
	age := time.Duration(now-s.at) * time.Millisecond
	has := s.err == nil && (keyID == "" || slices.ContainsFunc(s.keys, func(k jose.JSONWebKey) bool { return k.KeyID == keyID }))
	if age < 0 { // the clock was put back
		return false
	}
	return age < keySetPause || has && age < keySetLife
}

func (s *keySets) fetch(ctx context.Context, uri string) *keySet {
	set := &keySet{at: s.clock.Millis()}
	body, _, err := get(ctx, s.outbound, uri, maxKeySet)
	if err != nil {
		set.err = reason("the keys cannot be fetched: " + err.Error())
		return set
	}
	var published application.KeySet
	if err := json.Unmarshal(body, &published); err != nil {
		set.err = reason("the keys cannot be read: " + err.Error())
		return set
	}
	if len(published.Keys) > application.MaxKeys {
		published.Keys = published.Keys[:application.MaxKeys]
	}
	set.keys = published.Usable()
	return set
}
