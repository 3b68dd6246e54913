package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// drain is how long open requests may take once the process was told to stop.
const drain = 25 * time.Second

// TLS names the files of a certificate; empty paths serve plain HTTP.
type TLS struct{ CertPath, KeyPath string }

// Serve answers on every listener until ctx ends, then lets open requests
// finish. It closes the listeners.
func (s *Server) Serve(ctx context.Context, files TLS, listeners ...net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, listener := range listeners {
		group.Go(func() error {
			err := listen(server, files, listener)
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		})
	}
	group.Go(func() error {
		<-groupCtx.Done()
		shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return server.Shutdown(shutdown)
	})
	return group.Wait()
}

func listen(server *http.Server, files TLS, listener net.Listener) error {
	if files.CertPath != "" {
		return server.ServeTLS(listener, files.CertPath, files.KeyPath)
	}
	return server.Serve(listener)
}
