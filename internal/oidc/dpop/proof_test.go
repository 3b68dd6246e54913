package dpop

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/oidc/dpop/dpoptest"
)

const (
	tokenURI = "https://id.example/oidc/token"
	now      = 1_800_000_000_000
)

// claims are those of a proof that is right.
func claims() map[string]any {
	return map[string]any{"jti": "one", "htm": "POST", "htu": tokenURI, "iat": now / 1000}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestProof_EveryAllowedAlgorithm(t *testing.T) {
	t.Parallel()
	for name, key := range map[jose.SignatureAlgorithm]any{
		jose.ES256: must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		jose.ES384: must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		jose.ES512: must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		jose.PS256: must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048)),
		jose.EdDSA: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)),
	} {
		p, err := parse([]string{dpoptest.Sign(t, name, key, publicOf(key), "dpop+jwt", claims())})
		if err != nil || len(p.thumbprint) != 43 || p.fits("POST", tokenURI, now) != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func publicOf(key any) any {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		return k.Public()
	case *rsa.PrivateKey:
		return k.Public()
	case ed25519.PrivateKey:
		return k.Public()
	}
	return nil
}

// Attack 17: algorithms and keys that a forger would choose.
func TestProof_Forged(t *testing.T) {
	t.Parallel()
	key, other := dpoptest.New(t), dpoptest.New(t)
	public := key.Private.Public()
	p384 := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	secret := []byte("0123456789abcdef0123456789abcdef")
	good := key.Proof("POST", tokenURI, now, nil)
	head, rest, _ := strings.Cut(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"dpop+jwt"}`))
	for name, headers := range map[string][]string{
		"none":               {},
		"two":                {good, key.Proof("POST", tokenURI, now, nil)},
		"no JWT":             {"x"},
		"empty":              {""},
		"too long":           {good + strings.Repeat("A", maxProof)},
		"alg none":           {none + "." + rest[:strings.Index(rest, ".")+1]},
		"changed":            {head + "." + "A" + rest[1:]},
		"changed signature":  {flip(good)},
		"HMAC":               {dpoptest.Sign(t, jose.HS256, secret, nil, "dpop+jwt", claims())},
		"HMAC, public key":   {dpoptest.Sign(t, jose.HS256, secret, public, "dpop+jwt", claims())},
		"symmetric jwk":      {dpoptest.Sign(t, jose.ES256, key.Private, secret, "dpop+jwt", claims())},
		"private jwk":        {dpoptest.Sign(t, jose.ES256, key.Private, key.Private, "dpop+jwt", claims())},
		"no jwk":             {dpoptest.Sign(t, jose.ES256, key.Private, nil, "dpop+jwt", claims())},
		"another's key":      {dpoptest.Sign(t, jose.ES256, other.Private, public, "dpop+jwt", claims())},
		"curve of another":   {dpoptest.Sign(t, jose.ES256, key.Private, p384.Public(), "dpop+jwt", claims())},
		"PKCS #1 v1.5":       {dpoptest.Sign(t, jose.RS256, rsaKey, rsaKey.Public(), "dpop+jwt", claims())},
		"another kind":       {dpoptest.Sign(t, jose.ES256, key.Private, public, "JWT", claims())},
		"an access token":    {dpoptest.Sign(t, jose.ES256, key.Private, public, "at+jwt", claims())},
		"no jti":             {key.Proof("POST", tokenURI, now, map[string]any{"jti": nil})},
		"endless jti":        {key.Proof("POST", tokenURI, now, map[string]any{"jti": strings.Repeat("x", maxID+1)})},
		"jti in capitals":    {key.Proof("POST", tokenURI, now, map[string]any{"jti": nil, "JTI": "one"})},
		"claims of no shape": {key.Proof("POST", tokenURI, now, map[string]any{"iat": "yesterday"})},
	} {
		if p, err := parse(headers); err == nil {
			t.Errorf("%s: accepted, %+v", name, p)
		}
	}
	if _, err := parse([]string{good}); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// flip changes one bit of the signature, well before its padding.
func flip(jwt string) string {
	at := strings.LastIndexByte(jwt, '.') + 5
	replacement := byte('A')
	if jwt[at] == 'A' {
		replacement = 'B'
	}
	return jwt[:at] + string(replacement) + jwt[at+1:]
}

func TestProof_KeyFitsItsAlgorithm(t *testing.T) {
	t.Parallel()
	for algorithm, curve := range curves {
		for _, other := range curves {
			key := &ecdsa.PublicKey{Curve: other}
			if got := fitsAlgorithm(algorithm, key); got != (other == curve) {
				t.Errorf("%s with %s: %v", algorithm, other.Params().Name, got)
			}
		}
	}
	for bits, want := range map[int]bool{1024: false, 2048: true, 4096: true, 4104: false} {
		key := &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), bits-1, 1), E: 65537}
		if got := fitsAlgorithm("PS256", key); got != want {
			t.Errorf("%d bits: %v", bits, got)
		}
	}
}

func TestProof_FitsItsRequestAlone(t *testing.T) {
	t.Parallel()
	key := dpoptest.New(t)
	for name, tc := range map[string]struct {
		claims map[string]any
		ok     bool
	}{
		"right":                  {nil, true},
		"another method":         {map[string]any{"htm": "GET"}, false},
		"method in lower case":   {map[string]any{"htm": "post"}, false},
		"no method":              {map[string]any{"htm": nil}, false},
		"no URI":                 {map[string]any{"htu": nil}, false},
		"a path alone":           {map[string]any{"htu": "/oidc/token"}, false},
		"another path":           {map[string]any{"htu": "https://id.example/oidc/me"}, false},
		"another host":           {map[string]any{"htu": "https://evil.example/oidc/token"}, false},
		"another scheme":         {map[string]any{"htu": "http://id.example/oidc/token"}, false},
		"another port":           {map[string]any{"htu": "https://id.example:8443/oidc/token"}, false},
		"a longer path":          {map[string]any{"htu": tokenURI + "/"}, false},
		"a user":                 {map[string]any{"htu": "https://a@id.example/oidc/token"}, false},
		"no URI at all":          {map[string]any{"htu": "https://%zz"}, false},
		"query and fragment":     {map[string]any{"htu": tokenURI + "?a=b#c"}, true},
		"default port":           {map[string]any{"htu": "https://id.example:443/oidc/token"}, true},
		"case of the host":       {map[string]any{"htu": "HTTPS://ID.Example/oidc/token"}, true},
		"needless escape":        {map[string]any{"htu": "https://id.example/oidc/%74oken"}, true},
		"escaped slash":          {map[string]any{"htu": "https://id.example/oidc%2Ftoken"}, false},
		"dot segments":           {map[string]any{"htu": "https://id.example/oidc/x/../token"}, true},
		"no time":                {map[string]any{"iat": nil}, false},
		"a minute old":           {map[string]any{"iat": now/1000 - 60}, true},
		"older":                  {map[string]any{"iat": now/1000 - 61}, false},
		"ahead within tolerance": {map[string]any{"iat": now/1000 + 15}, true},
		"further ahead":          {map[string]any{"iat": now/1000 + 16}, false},
		"never":                  {map[string]any{"iat": 1e300}, false},
		"expired":                {map[string]any{"exp": now/1000 - 15}, false},
		"expired in tolerance":   {map[string]any{"exp": now/1000 - 14}, true},
		"not valid yet":          {map[string]any{"nbf": now/1000 + 16}, false},
		"valid in tolerance":     {map[string]any{"nbf": now/1000 + 15}, true},
		"both in order":          {map[string]any{"exp": now/1000 + 3600, "nbf": now/1000 - 3600}, true},
		"expired in 1970":        {map[string]any{"exp": 0}, false},
		"expiry in capitals":     {map[string]any{"EXP": 0}, true},
		"method in capitals":     {map[string]any{"htm": nil, "HTM": "POST"}, false},
		"fractions":              {map[string]any{"iat": now/1000 - 1.5}, true},
	} {
		p, err := parse([]string{key.Proof("POST", tokenURI, now, tc.claims)})
		if err == nil {
			err = p.fits("POST", tokenURI, now)
		}
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever arrives, there is an answer, and what is accepted has a key.
func FuzzParse(f *testing.F) {
	key := dpoptest.New(f)
	f.Add(key.Proof("POST", tokenURI, now, nil))
	f.Add(key.Proof("GET", tokenURI+"?x", now, dpoptest.About("token")))
	f.Add("a.b.c")
	f.Add(`eyJhbGciOiJub25lIn0..`)
	f.Fuzz(func(t *testing.T, header string) {
		p, err := parse([]string{header})
		if err != nil {
			return
		}
		if len(p.thumbprint) != 43 || p.ID == "" || len(p.ID) > maxID {
			t.Errorf("accepted %+v", p)
		}
		_ = p.fits("POST", tokenURI, now)
	})
}
