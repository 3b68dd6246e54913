// Command signet is the whole product: the server and the tools that work
// beside it. Every sub-command is one file; all of them print JSON when asked.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/conf"
	"signet/internal/platform/errs"
	"signet/internal/platform/i18n"
	"signet/internal/platform/logs"
	"signet/internal/platform/web"
	"signet/internal/server"
	"signet/internal/tenant"
	"signet/internal/user"
)

// commands is the command line.
type commands struct {
	JSON bool `help:"Print JSON instead of text." name:"json"`

	Serve    serveCommand    `cmd:"" help:"Start the server."`
	Setup    setupCommand    `cmd:"" help:"Print a new one-time link to create the first administrator."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database up to date."`
	App      appCommand      `cmd:"" help:"Create, list and delete applications and their secrets."`
	User     userCommand     `cmd:"" help:"Create, list and help users."`
	Role     roleCommand     `cmd:"" help:"Create, list and delete roles."`
	Resource resourceCommand `cmd:"" help:"Create, list and delete API resources and their scopes."`
	Org      orgCommand      `cmd:"" help:"Create, list and delete organizations, their members and roles."`
	Keys     keysCommand     `cmd:"" help:"List and rotate signing keys."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// environment is what a command runs with.
type environment struct {
	context.Context

	config *conf.Config
	out    io.Writer
	json   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "signet: "+explain(err))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("signet"), kong.Writers(out, os.Stderr),
		kong.Description("Signet signs people in: an OpenID Connect provider with its own users, pages and API."))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w\nRun \"signet --help\" to see what there is", err)
	}
	config, err := conf.Load()
	if err != nil {
		return err
	}
	logs.Install(os.Stderr, config.LogFormat, config.LogLevel)
	return parsed.Run(&environment{Context: ctx, config: config, out: out, json: c.JSON})
}

// explain says what an error means to the person at the command line.
func explain(err error) string {
	e, ok := errs.As(err)
	if !ok || e.Status >= http.StatusInternalServerError {
		return err.Error()
	}
	lines := []string{i18n.T("en", "errors."+e.Code, e.Args)}
	if issues, ok := e.Data.([]user.Issue); ok {
		for _, issue := range issues {
			lines = append(lines, "  "+i18n.T("en", "errors."+issue.Code, issue.Interpolation))
		}
	}
	if e.Detail != "" {
		lines = append(lines, "  "+e.Detail)
	}
	return strings.Join(lines, "\n")
}

// within opens the installation beside a running server and calls fn with the
// tenant. What fn logs for the audit trail is written when it is done.
func (e *environment) within(tenantID string, fn func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error) error {
	in, err := server.Open(e, e.config, server.ForCommands)
	if err != nil {
		return err
	}
	endpoint := e.config.Endpoint
	if tenantID == tenant.Admin {
		endpoint = e.config.AdminEndpoint
	}
	t := tenant.New(tenantID, endpoint, in.Pool)
	trail := audit.NewTrail(in.Pool, clock.System)
	ctx, flush := trail.Collect(web.WithInfo(tenant.With(e.Context, t), &web.RequestInfo{UserAgent: "signet command line"}))
	err = fn(ctx, in, t)
	flush()
	trail.Close()
	return errors.Join(err, in.Close())
}
