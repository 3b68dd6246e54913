package main

import (
	"context"
	"fmt"

	"signet/test/flow"
)

// calls is how often each single operation is called.
const calls = 3000

// measureRates counts what applications ask for all day.
func measureRates(ctx context.Context, server *flow.Process) ([]figure, error) {
	transport := newTransport()
	// Each worker has a session of its own: a refresh token is spent once.
	browsers, tokens := make([]*flow.Browser, workers()), make([]flow.Tokens, workers())
	for i := range browsers {
		var err error
		browsers[i] = flow.New(server.Base, transport)
		if tokens[i], err = browsers[i].SignIn(ctx, person(i), password, nil); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
	}
	operations := []struct {
		name string
		call func(ctx context.Context, worker, i int) error
	}{
		{"Refresh", func(ctx context.Context, worker, _ int) error {
			fresh, err := browsers[worker].Refresh(ctx, tokens[worker].Refresh)
			if err == nil && fresh.Refresh != "" {
				tokens[worker] = fresh
			}
			return err
		}},
		{"Userinfo", func(ctx context.Context, worker, _ int) error {
			_, err := browsers[worker].Userinfo(ctx, tokens[worker].Access)
			return err
		}},
		{"Discovery", func(ctx context.Context, worker, _ int) error {
			return browsers[worker].Get(ctx, "/oidc/.well-known/openid-configuration")
		}},
	}
	var figures []figure
	for _, operation := range operations {
		progress("%s, %d times", operation.name, calls)
		r, err := load(ctx, calls, operation.call)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", operation.name, err)
		}
		figures = append(figures, figure{name: operation.name, value: r.perSecond(), digits: 0, unit: "/s", calls: r.calls})
	}
	return figures, nil
}
