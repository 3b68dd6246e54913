// Package testbed runs Signet for black-box clients: the product's own server
// with doubles where a test cannot reach the outside world, and a way into the
// Management API without a token. It begins with a database of its own, listens
// on the loopback interface alone, where no address is rate-limited, and leaves
// nothing behind. None of it is compiled into the product.
package testbed

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"

	"signet/internal/platform/clock"
	"signet/internal/platform/conf"
	"signet/internal/platform/crypt"
	"signet/internal/server"
)

// Options say where a testbed runs.
type Options struct {
	// Port is where the default tenant listens, AdminPort the admin tenant; zero
	// takes a free one.
	Port, AdminPort int
	// DatabaseURL names a PostgreSQL server, on which a database is made and
	// dropped again; "" is SQLite in a temporary directory.
	DatabaseURL string
}

// Testbed is a server that is ready to serve.
type Testbed struct {
	// URL is the endpoint of the default tenant, AdminURL of the admin tenant.
	URL, AdminURL string

	listeners    []net.Listener
	installation *server.Installation
	server       *server.Server
	onClose      []func() error
}

// Start makes a database, seeds it and builds the server. Serve then answers,
// and Close takes away what Start has made.
func Start(ctx context.Context, o Options) (*Testbed, error) {
	b := &Testbed{}
	if err := b.start(ctx, o); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Testbed) start(ctx context.Context, o Options) error {
	port, err := b.listen(ctx, o.Port)
	if err != nil {
		return err
	}
	adminPort, err := b.listen(ctx, o.AdminPort)
	if err != nil {
		return err
	}
	b.URL, b.AdminURL = "http://localhost:"+port, "http://localhost:"+adminPort
	config, err := b.configure(ctx, o.DatabaseURL, map[string]string{"PORT": port, "ADMIN_PORT": adminPort, "ADMIN_ENDPOINT": b.AdminURL})
	if err != nil {
		return err
	}
	if b.installation, err = server.Open(ctx, config, server.ForServing); err != nil {
		return err
	}
	b.closing(b.installation.Close)
	options := server.Options{
		Pool: b.installation.Pool, Keyring: b.installation.Keyring, Assets: b.installation.Assets,
		Hasher: crypt.NewHasher(crypt.HasherOptions{}), Clock: clock.System,
		Endpoint: config.Endpoint, AdminEndpoint: config.AdminEndpoint,
		Seed: Seed, Pwned: Pwned, WrapOperator: AdmitDevelopers,
	}
	if err := seed(ctx, options); err != nil {
		return err
	}
	if b.server, err = server.New(ctx, options); err != nil {
		return err
	}
	b.closing(func() error { b.server.Close(); return nil })
	return nil
}

// listen takes a port of the loopback interface and returns its number.
func (b *Testbed) listen(ctx context.Context, port int) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return "", fmt.Errorf("cannot listen: %w", err)
	}
	b.listeners = append(b.listeners, listener)
	b.closing(func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}

// configure makes an empty database and returns the configuration of a server
// on it; vars are further variables.
func (b *Testbed) configure(ctx context.Context, databaseURL string, vars map[string]string) (*conf.Config, error) {
	dir, err := os.MkdirTemp("", "signet-testbed-")
	if err != nil {
		return nil, err
	}
	b.closing(func() error { return os.RemoveAll(dir) })
	vars["DATA_DIR"] = dir
	if databaseURL != "" {
		if vars["DB_URL"], err = b.createDatabase(ctx, databaseURL); err != nil {
			return nil, err
		}
		var key [32]byte
		_, _ = rand.Read(key[:]) // crypto/rand.Read never returns an error
		vars["SECRET_VAULT_KEK"] = base64.StdEncoding.EncodeToString(key[:])
	}
	return conf.Parse(vars)
}

// Serve answers until ctx ends.
func (b *Testbed) Serve(ctx context.Context) error {
	return b.server.Serve(ctx, server.TLS{}, b.listeners...)
}

func (b *Testbed) closing(fn func() error) { b.onClose = append(b.onClose, fn) }

// Close ends the server and takes its database away.
func (b *Testbed) Close() error {
	var all []error
	for _, fn := range slices.Backward(b.onClose) {
		all = append(all, fn())
	}
	b.onClose = nil
	return errors.Join(all...)
}
