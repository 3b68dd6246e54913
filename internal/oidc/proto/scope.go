package proto

import (
	"slices"
	"strings"
)

// Scopes that the provider itself understands.
const (
	ScopeOpenID            = "openid"
	ScopeOfflineAccess     = "offline_access"
	ScopeProfile           = "profile"
	ScopeEmail             = "email"
	ScopePhone             = "phone"
	ScopeAddress           = "address"
	ScopeCustomData        = "custom_data"
	ScopeIdentities        = "identities"
	ScopeRoles             = "roles"
	ScopeOrganizations     = "urn:logto:scope:organizations"
	ScopeOrganizationRoles = "urn:logto:scope:organization_roles"
	ScopeSessions          = "urn:logto:scope:sessions"
	ScopeTrustedDevices    = "urn:logto:scope:trusted_devices"
)

// OrganizationsResource is the audience that offers the scopes of every
// organization.
const OrganizationsResource = "urn:logto:resource:organizations"

// Scopes is every scope of the provider, in the order in which discovery lists
// them and consent shows them.
var Scopes = []string{
	ScopeOpenID, ScopeOfflineAccess, ScopeProfile, ScopeEmail, ScopePhone, ScopeAddress, ScopeCustomData,
	ScopeIdentities, ScopeRoles, ScopeOrganizations, ScopeOrganizationRoles, ScopeSessions, ScopeTrustedDevices,
}

// IsScope reports whether the provider understands the scope.
func IsScope(scope string) bool { return slices.Contains(Scopes, scope) }

// SplitScope returns the members of a space-separated scope value (RFC 6749
// section 3.3), each once, in the order sent.
func SplitScope(scope string) []string {
	fields := strings.Fields(scope)
	var out []string
	for _, field := range fields {
		if !slices.Contains(out, field) {
			out = append(out, field)
		}
	}
	return out
}

// JoinScope is the inverse of SplitScope.
func JoinScope(scopes []string) string { return strings.Join(scopes, " ") }

// HasScope reports whether a scope value has the member.
func HasScope(scope, member string) bool {
	for field := range strings.FieldsSeq(scope) {
		if field == member {
			return true
		}
	}
	return false
}

// IntersectScope returns the members of requested that allowed has too, in the
// order of requested.
func IntersectScope(requested, allowed string) string {
	permitted := strings.Fields(allowed)
	return JoinScope(slices.DeleteFunc(SplitScope(requested), func(s string) bool { return !slices.Contains(permitted, s) }))
}

// UnionScope returns the members of both values, first those of a.
func UnionScope(a, b string) string { return JoinScope(SplitScope(a + " " + b)) }

// ExceptScope returns the members of a scope value that other does not have.
func ExceptScope(scope, other string) string {
	left := strings.Fields(other)
	return JoinScope(slices.DeleteFunc(SplitScope(scope), func(s string) bool { return slices.Contains(left, s) }))
}

// CoversScope reports whether allowed has every member of requested.
func CoversScope(allowed, requested string) bool {
	permitted := strings.Fields(allowed)
	for field := range strings.FieldsSeq(requested) {
		if !slices.Contains(permitted, field) {
			return false
		}
	}
	return true
}

// WithoutScope returns the value without one member.
func WithoutScope(scope, member string) string {
	return JoinScope(slices.DeleteFunc(SplitScope(scope), func(s string) bool { return s == member }))
}
