package main

import (
	"context"
	"errors"
	"fmt"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/server"
	"signet/internal/tenant"
)

type appCommand struct {
	Create appCreate `cmd:"" help:"Create an application."`
	List   appList   `cmd:"" help:"List applications, newest first."`
	Get    appGet    `cmd:"" help:"Show an application, without its secrets."`
	Delete appDelete `cmd:"" help:"Delete an application with its secrets, and end its tokens."`
	Secret appSecret `cmd:"" help:"Add, list and delete secrets of applications."`
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

// oneApp names an application.
type oneApp struct {
	App string `arg:"" help:"The application's id."`
}

func (o oneApp) find(ctx context.Context, q db.Q) (*application.Application, error) {
	a, err := application.ByID(ctx, q, o.App)
	return a, orMissing(err, "application", o.App, q.TenantID())
}

// on finds the application and calls fn.
func (o oneApp) on(e *environment, tenantID string, fn func(ctx context.Context, in *server.Installation, t *tenant.Tenant, a *application.Application) error) error {
	return e.within(tenantID, func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error {
		a, err := o.find(ctx, t.DB)
		if err != nil {
			return err
		}
		return fn(ctx, in, t, a)
	})
}

type appCreate struct {
	inTenant

	Name                  string   `arg:"" help:"The name that people see."`
	Type                  string   `help:"What it is: a server with a secret (Traditional), a single-page app (SPA), an installed one (Native) or a machine that acts for itself (m2m)." enum:"Traditional,SPA,Native,MachineToMachine,m2m" default:"Traditional"`
	RedirectURI           []string `help:"Where people return to after signing in; may be repeated. A machine has none."`
	PostLogoutRedirectURI []string `help:"Where people return to after signing out; may be repeated."`
	Role                  []string `help:"The name of a role that the machine has; may be repeated."`
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
			ID: ids.Long(), Name: c.Name, Type: c.kind(), IsThirdParty: c.ThirdParty,
			OIDC: application.ClientMetadata{RedirectURIs: c.RedirectURI, PostLogoutRedirectURIs: c.PostLogoutRedirectURI},
		}
		entry := audit.Entry{Key: "CommandLine.Application.Create", ApplicationID: wanted.ID, Data: map[string]any{"name": c.Name}}
		a, err := change(ctx, entry, func(tx *db.Tx, now int64) (appAnswer, error) {
			created, secret, err := application.Create(ctx, tx, now, in.Keyring, wanted)
			if err != nil {
				return appAnswer{}, err
			}
			a := answerOfApp(created)
			a.Secret, a.Roles = secret, c.Role
			return a, assignRoles(ctx, tx, created.ID, c.Role)
		})
		if err != nil {
			return err
		}
		text := fmt.Sprintf("Created %s.\n\n  Issuer     %s\n  Client ID  %s", a.Name, t.Issuer(), a.ID)
		if a.Secret != "" {
			text += "\n  Secret     " + a.Secret
		}
		if c.kind() == application.MachineToMachine {
			text += "\n  Tokens     " + t.URL(proto.PathToken)
		}
		return e.print(a, "%s", text)
	})
}

// assignRoles gives a machine the roles of the given names.
func assignRoles(ctx context.Context, tx *db.Tx, applicationID string, names []string) error {
	for _, name := range names {
		r, err := findRole(ctx, tx, name)
		if err != nil {
			return err
		}
		_, err = application.AddRoles(ctx, tx, applicationID, []string{r.ID})
		if err != nil {
			return instead(err, application.ErrRoleType, fmt.Sprintf("the role %s is for people", r.Name))
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
		found, _, err := application.List(ctx, t.DB, application.Filter{}, c.rows())
		if err != nil {
			return err
		}
		return printList(e, found, "No applications.", func(a *application.Application) (appAnswer, string) {
			return answerOfApp(a), fmt.Sprintf("%s  %-16s %s", a.ID, a.Type, a.Name)
		})
	})
}

type appGet struct {
	inTenant
	oneApp
}

// Run shows the application.
func (c appGet) Run(e *environment) error {
	return c.on(e, c.Tenant, func(_ context.Context, _ *server.Installation, t *tenant.Tenant, a *application.Application) error {
		return e.printJSON(a.Published(t.ID))
	})
}

type appDelete struct {
	inTenant
	oneApp
}

// Run deletes the application.
func (c appDelete) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant, a *application.Application) error {
		entry := audit.Entry{Key: "CommandLine.Application.Delete", ApplicationID: a.ID}
		err := apply(ctx, entry, func(tx *db.Tx, now int64) error {
			if err := application.Delete(ctx, tx, a.ID); err != nil {
				return err
			}
			return token.DropClient(ctx, tx, now, a.ID)
		})
		if err != nil {
			return err
		}
		token.SweepClient(ctx, t.DB, a.ID)
		return e.print(answerOfApp(a), "Deleted %s.", a.Name)
	})
}
