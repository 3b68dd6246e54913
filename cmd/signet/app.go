package main

import (
	"context"
	"fmt"
	"strings"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/tenant"
)

type appCommand struct {
	Create appCreate `cmd:"" help:"Create an application."`
	List   appList   `cmd:"" help:"List applications, newest first."`
}

// appAnswer is an application as the command line prints one.
type appAnswer struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	RedirectURIs []string `json:"redirectUris"`
	CreatedAt    int64    `json:"createdAt"`
	// Secret is shown when the application is created.
	Secret string `json:"secret,omitempty"`
}

func answerOfApp(a *application.Application) appAnswer {
	return appAnswer{
		ID: a.ID, Name: a.Name, Type: string(a.Type), RedirectURIs: a.OIDC.RedirectURIs, CreatedAt: a.CreatedAt,
	}
}

type appCreate struct {
	inTenant

	Name                  string   `arg:"" help:"The name that people see."`
	Type                  string   `help:"What it is: a server with a secret (Traditional), a single-page app (SPA) or an installed one (Native)." enum:"Traditional,SPA,Native" default:"Traditional"`
	RedirectURI           []string `help:"Where people return to after signing in; may be repeated." required:""`
	PostLogoutRedirectURI []string `help:"Where people return to after signing out; may be repeated."`
	ThirdParty            bool     `help:"Belongs to somebody else."`
}

// Run creates the application and prints its credentials.
func (c appCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error {
		wanted := application.Application{
			Name: c.Name, Type: application.Type(c.Type), IsThirdParty: c.ThirdParty,
			OIDC: application.ClientMetadata{RedirectURIs: c.RedirectURI, PostLogoutRedirectURIs: c.PostLogoutRedirectURI},
		}
		var created *application.Application
		var secret string
		err := t.DB.Tx(ctx, func(tx *db.Tx) (err error) {
			created, secret, err = application.Create(ctx, tx, clock.Clock(clock.System).Millis(), in.Keyring, wanted)
			return err
		})
		if err != nil {
			return err
		}
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Application.Create", ApplicationID: created.ID})
		a := answerOfApp(created)
		a.Secret = secret
		text := fmt.Sprintf("Created %s.\n\n  Issuer     %s\n  Client ID  %s", a.Name, t.Issuer(), a.ID)
		if secret != "" {
			text += "\n  Secret     " + secret
		}
		return e.print(a, "%s", text)
	})
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
			lines = append(lines, fmt.Sprintf("%s  %-11s %s", apps[i].ID, apps[i].Type, apps[i].Name))
		}
		if len(lines) == 0 {
			lines = append(lines, "No applications.")
		}
		return e.print(answers, "%s", strings.Join(lines, "\n"))
	})
}
