package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/oidc/proto"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/role"
	"signet/internal/server"
	"signet/internal/tenant"
)

type appCommand struct {
	Create appCreate `cmd:"" help:"Create an application."`
	List   appList   `cmd:"" help:"List applications, newest first."`
	Secret appSecret `cmd:"" help:"Add secrets to applications."`
}

// appAnswer is an application as the command line prints one.
type appAnswer struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	RedirectURIs []string `json:"redirectUris"`
	CreatedAt    int64    `json:"createdAt"`
	// Secret and Roles are shown when the application is created.
	Secret string   `json:"secret,omitempty"`
	Roles  []string `json:"roles,omitempty"`
}

func answerOfApp(a *application.Application) appAnswer {
	return appAnswer{
		ID: a.ID, Name: a.Name, Type: string(a.Type), RedirectURIs: a.OIDC.RedirectURIs, CreatedAt: a.CreatedAt,
	}
}

type appCreate struct {
	inTenant

	Name                  string   `arg:"" help:"The name that people see."`
	Type                  string   `help:"What it is: a server with a secret (Traditional), a single-page app (SPA), an installed one (Native) or a machine that acts for itself (m2m)." enum:"Traditional,SPA,Native,MachineToMachine,m2m" default:"Traditional"`
	RedirectURI           []string `help:"Where people return to after signing in; may be repeated. A machine has none."`
	PostLogoutRedirectURI []string `help:"Where people return to after signing out; may be repeated."`
	Role                  []string `help:"The name of a role that a machine has; may be repeated."`
	ThirdParty            bool     `help:"Belongs to somebody else."`
}

// kind is the type of the application; "m2m" is short for a machine's.
func (c appCreate) kind() application.Type {
	if c.Type == "m2m" {
		return application.MachineToMachine
	}
	return application.Type(c.Type)
}

// Validate refuses options that do not go with the type.
func (c appCreate) Validate() error {
	isMachine := c.kind() == application.MachineToMachine
	switch {
	case !isMachine && len(c.RedirectURI) == 0:
		return errors.New("--redirect-uri is missing: where do people return to after signing in?")
	case isMachine && len(c.RedirectURI)+len(c.PostLogoutRedirectURI) > 0:
		return errors.New("a machine has no --redirect-uri: nobody signs in through it")
	case !isMachine && len(c.Role) > 0:
		return errors.New("--role is for machines: use --type m2m")
	}
	return nil
}

// Run creates the application and prints its credentials.
func (c appCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error {
		wanted := application.Application{
			Name: c.Name, Type: c.kind(), IsThirdParty: c.ThirdParty,
			OIDC: application.ClientMetadata{RedirectURIs: c.RedirectURI, PostLogoutRedirectURIs: c.PostLogoutRedirectURI},
		}
		var created *application.Application
		var secret string
		err := t.DB.Tx(ctx, func(tx *db.Tx) (err error) {
			created, secret, err = application.Create(ctx, tx, clock.Clock(clock.System).Millis(), in.Keyring, wanted)
			if err != nil {
				return err
			}
			return assignRoles(ctx, tx, created.ID, c.Role)
		})
		if err != nil {
			return err
		}
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Application.Create", ApplicationID: created.ID})
		a := answerOfApp(created)
		a.Secret, a.Roles = secret, c.Role
		text := fmt.Sprintf("Created %s.\n\n  Issuer     %s\n  Client ID  %s", a.Name, t.Issuer(), a.ID)
		if secret != "" {
			text += "\n  Secret     " + secret
		}
		if created.Type == application.MachineToMachine {
			text += "\n  Tokens     " + t.URL(proto.PathToken)
		}
		return e.print(a, "%s", text)
	})
}

// assignRoles gives a machine the roles of the given names.
func assignRoles(ctx context.Context, tx *db.Tx, applicationID string, names []string) error {
	for _, name := range names {
		r, err := role.ByName(ctx, tx, name)
		if errors.Is(err, role.ErrNotFound) || err == nil && r.Type != role.MachineToMachine {
			return fmt.Errorf("there is no role “%s” for machines", name)
		}
		if err != nil {
			return err
		}
		if err := role.AssignApplication(ctx, tx, applicationID, r.ID); err != nil {
			return err
		}
	}
	return nil
}

type appList struct {
	inTenant

	page
}

// Run lists applications.
func (c appList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		apps, _, err := application.List(ctx, t.DB, application.Filter{}, db.Range{Limit: int64(c.Limit), Offset: int64(c.Offset)})
		if err != nil {
			return err
		}
		answers, lines := []appAnswer{}, []string{}
		for i := range apps {
			answers = append(answers, answerOfApp(&apps[i]))
			lines = append(lines, fmt.Sprintf("%s  %-16s %s", apps[i].ID, apps[i].Type, apps[i].Name))
		}
		if len(lines) == 0 {
			lines = append(lines, "No applications.")
		}
		return e.print(answers, "%s", strings.Join(lines, "\n"))
	})
}
