package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"signet/internal/breach"
	"signet/internal/platform/clock"
	"signet/internal/platform/conf"
	"signet/internal/platform/crypt"
	"signet/internal/platform/fetch"
	"signet/internal/platform/web"
	"signet/internal/server"
	"signet/internal/tenant"
	"signet/internal/user"
)

type serveCommand struct{}

// Run serves until it is told to stop.
func (serveCommand) Run(e *environment) error {
	conf.UseMemory()
	in, err := server.Open(e, e.config, server.ForServing)
	if err != nil {
		return err
	}
	err = serveInstallation(e, in)
	return errors.Join(err, in.Close())
}

func serveInstallation(e *environment, in *server.Installation) error {
	c := e.config
	s, err := server.New(e, server.Options{
		Pool: in.Pool, Keyring: in.Keyring, Assets: in.Assets, Hasher: crypt.NewHasher(crypt.HasherOptions{}), Clock: clock.System,
		Endpoint: c.Endpoint, AdminEndpoint: c.AdminEndpoint,
		Proxies:            web.Proxies{Trust: c.TrustProxyHeader, Allowed: c.TrustedProxies},
		StatusAPIKey:       c.StatusAPIKey.Reveal(),
		DefaultRoles:       c.UserDefaultRoleNames,
		KeyGrace:           time.Duration(c.KeyGrace) * time.Second,
		IgnoreUsernameCase: !c.CaseSensitiveUsername,
		Pwned:              breachCheck(c.BreachService),
		AllowPrivateCalls:  c.SSRFProtectionDisabled,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	listeners, err := listen(e, c.Listen())
	if err != nil {
		return err
	}
	if err := announce(e, s); err != nil {
		return err
	}
	return s.Serve(e, server.TLS{CertPath: c.HTTPSCertPath, KeyPath: c.HTTPSKeyPath}, listeners...)
}

func listen(ctx context.Context, addresses []string) ([]net.Listener, error) {
	var config net.ListenConfig
	var listeners []net.Listener
	for _, address := range addresses {
		listener, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			for _, open := range listeners {
				_ = open.Close()
			}
			return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

// announce prints where to go. The setup link is printed here and nowhere else.
func announce(e *environment, s *server.Server) error {
	t, admin := s.Tenant(tenant.Default), s.Tenant(tenant.Admin)
	link, err := newSetupLink(tenant.With(e.Context, admin), admin)
	if err != nil {
		return err
	}
	type answer struct {
		Issuer  string `json:"issuer"`
		Account string `json:"account"`
		Demo    string `json:"demo"`
		Setup   string `json:"setup,omitempty"`
	}
	a := answer{Issuer: t.Issuer(), Account: t.URL("/account"), Demo: t.URL("/demo-app"), Setup: link}
	text := fmt.Sprintf("Signet is ready.\n\n  Issuer   %s\n  Account  %s\n  Demo     %s", a.Issuer, a.Account, a.Demo)
	if link != "" {
		text += fmt.Sprintf("\n  Setup    %s\n\nThe setup link creates the first administrator. It works once, for an hour.", link)
	}
	return e.print(a, "%s\n", text)
}

// breachCheck asks the service that is configured. A mirror of the operator's
// own may lie in a private network.
func breachCheck(service string) user.PwnedCheck {
	if service == conf.BreachCheckOff {
		return nil
	}
	return breach.New(service, clock.System, fetch.Options{AllowPrivate: service != breach.Service}).Known
}
