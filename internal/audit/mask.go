package audit

import "strings"

// masked is what stands in place of a secret.
const masked = "******"

// mask replaces values whose key says that they are secret, at any depth.
func mask(key string, value any) any {
	if isSecret(key) {
		return masked
	}
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, child := range v {
			out[k] = mask(k, child)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = mask("", child)
		}
		return out
	default:
		return value
	}
}

func isSecret(key string) bool {
	key = strings.ToLower(key)
	for _, part := range []string{"password", "secret", "credential", "cookie", "apikey", "api_key", "privatekey", "private_key"} {
		if strings.Contains(key, part) {
			return true
		}
	}
	return strings.HasSuffix(key, "token") || key == "authorization"
}
