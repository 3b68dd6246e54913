package testbed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"signet/internal/platform/ids"
)

// dropTimeout bounds how long the end of a testbed waits for the server.
const dropTimeout = 10 * time.Second

// createDatabase makes an empty database beside the one that the URL names,
// which it does not touch, and returns the new one's URL. Close drops it.
func (b *Testbed) createDatabase(ctx context.Context, at string) (string, error) {
	target, err := url.Parse(at)
	if err != nil {
		return "", errors.New("the URL of the PostgreSQL server cannot be read")
	}
	name := "signet_testbed_" + ids.Long()
	if err := execute(ctx, at, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", fmt.Errorf("cannot make a database (the role needs CREATEDB): %w", err)
	}
	b.closing(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		return execute(ctx, at, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	target.Path = "/" + name
	return target.String(), nil
}

func execute(ctx context.Context, at, statement string) error {
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
