package crypt

import "github.com/go-jose/go-jose/v4/json"

// Unmarshal reads the header or the claims of a JWT: names count as they are
// written, and each once (RFC 7515 section 4, RFC 7519 section 4). encoding/json
// takes "EXP" for "exp", and the last of two.
func Unmarshal(payload []byte, into any) error { return json.Unmarshal(payload, into) }
