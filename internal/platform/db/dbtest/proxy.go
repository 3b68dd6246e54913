package dbtest

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"signet/internal/platform/db"
)

// With returns options of PostgreSQL with a parameter of the URL set.
func With(t testing.TB, o db.Options, name, value string) db.Options {
	t.Helper()
	parsed, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	query.Set(name, value)
	parsed.RawQuery = query.Encode()
	o.URL = parsed.String()
	return o
}

// Behind returns options of PostgreSQL behind a proxy, which calls asks when a client
// says something after it was answered, and cuts the connection in place of an answer
// that answers does not allow.
func Behind(t testing.TB, o db.Options, asks func(), answers func() bool) db.Options {
	t.Helper()
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			var asked atomic.Bool
			go relay(server, client, func() bool {
				if !asked.Swap(true) {
					asks()
				}
				return true
			})
			go relay(client, server, func() bool {
				asked.Store(false)
				return answers()
			})
		}
	}()
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return With(t, With(t, o, "host", host), "port", port)
}

// relay copies what comes, if may allows it.
func relay(to io.WriteCloser, from io.Reader, may func() bool) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || !may() {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
