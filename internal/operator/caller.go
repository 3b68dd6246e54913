// Package operator knows who calls the Management API: a person who operates
// the tenant, or an application that does it for them. It owns how such a caller
// is authenticated. What a caller may do is one question with one answer: with
// the scope "all", everything.
package operator

import "context"

// Caller is who calls the Management API.
type Caller struct {
	// Subject is the id of a user, or of an application that acts for itself.
	Subject string
	// IsApplication tells which.
	IsApplication bool
	// ClientID is the application through which the call comes.
	ClientID string
}

type callerKey struct{}

// With returns a context of a call by c.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns who calls; nobody outside of a guarded operation.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
