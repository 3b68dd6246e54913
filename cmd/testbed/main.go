// Command testbed runs Signet for the tests of other programs: the default
// tenant and the admin tenant on two loopback ports, a fresh database that goes
// when the command ends, and a Management API that takes the header
// development-user-id for a token. It is no product: whoever reaches it is its
// administrator.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"signet/internal/platform/logs"
	"signet/internal/testbed"
)

type options struct {
	Port        int        `env:"PORT" default:"3001" help:"Port of the default tenant; 0 takes a free one."`
	AdminPort   int        `env:"ADMIN_PORT" default:"3002" help:"Port of the admin tenant; 0 takes a free one."`
	DatabaseURL string     `env:"DB_URL" name:"db-url" help:"A PostgreSQL server, for example postgres://user:password@host:5432/postgres: a database is made there and dropped at the end. Without it, SQLite in a temporary directory."`
	LogLevel    slog.Level `env:"LOG_LEVEL" default:"warn" help:"Least level that is logged: debug, info, warn or error."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("testbed"), kong.Description("Runs Signet for the tests of other programs."))
	logs.Install(os.Stderr, logs.Text, o.LogLevel)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, o options, out io.Writer) error {
	b, err := testbed.Start(ctx, testbed.Options{Port: o.Port, AdminPort: o.AdminPort, DatabaseURL: o.DatabaseURL})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `The testbed is ready. Its database goes when it ends.

  Default tenant  %s
  Admin tenant    %s
  Operator        curl -H '%s: anybody' %s/api/resources
`, b.URL, b.AdminURL, testbed.DeveloperHeader, b.URL)
	if err == nil {
		err = b.Serve(ctx)
	}
	return errors.Join(err, b.Close())
}
