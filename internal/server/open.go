package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"signet/internal/asset"
	"signet/internal/platform/clock"
	"signet/internal/platform/conf"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// Installation is an opened database with the key that unseals it.
type Installation struct {
	Pool    *db.Pool
	Keyring *crypt.Keyring
	// Assets is where uploaded files lie: only ForServing, and nil where nothing
	// can be written.
	Assets *asset.Disk

	release func() error
}

// Close closes the database and gives up the lock on the data directory.
func (in *Installation) Close() error {
	return errors.Join(in.Assets.Close(), in.Pool.Close(), in.release())
}

var errNoKey = errors.New("PostgreSQL needs SECRET_VAULT_KEK, the same on every node: 32 random bytes in base64 (try: openssl rand -base64 32)")

// Mode says what an Installation is opened for.
type Mode int

const (
	// ForServing takes the exclusive lock on a SQLite data directory, creates
	// what a first start needs and migrates.
	ForServing Mode = iota
	// ForCommands works beside a running server and expects a database that is
	// up to date.
	ForCommands
)

// Open opens the database that the configuration names.
func Open(ctx context.Context, c *conf.Config, mode Mode) (*Installation, error) {
	if c.DatabaseURL != "" && c.SecretVaultKEK.Reveal() == "" {
		return nil, errNoKey
	}
	in := &Installation{release: func() error { return nil }}
	if c.DatabaseURL == "" {
		if err := in.prepareDirectory(c.DataDir, mode); err != nil {
			return nil, err
		}
	}
	pool, err := db.Open(ctx, db.Options{
		URL: c.DatabaseURL, Path: databasePath(c), Clock: clock.System,
	})
	if err != nil {
		return nil, errors.Join(err, in.release())
	}
	in.Pool = pool
	if err := in.unlock(ctx, c, mode); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if mode == ForServing {
		in.openAssets(ctx, c)
	}
	return in, nil
}

// openAssets finds a place for uploads. Without one Signet serves all the same:
// beside PostgreSQL the file system may well be read-only.
func (in *Installation) openAssets(ctx context.Context, c *conf.Config) {
	disk, err := asset.Open(filepath.Join(c.DataDir, "assets"), clock.System)
	if err != nil {
		slog.WarnContext(ctx, "no files can be uploaded: let DATA_DIR name a directory that can be written to", "error", err)
		return
	}
	in.Assets = disk
}

// Plan lists the migrations that serving would run, and changes nothing.
func Plan(ctx context.Context, c *conf.Config) ([]string, error) {
	if c.DatabaseURL == "" {
		if err := (&Installation{}).prepareDirectory(c.DataDir, ForCommands); err != nil {
			return nil, err
		}
	}
	pool, err := db.Open(ctx, db.Options{URL: c.DatabaseURL, Path: databasePath(c), Clock: clock.System})
	if err != nil {
		return nil, err
	}
	pending, err := pool.Plan(ctx)
	return pending, errors.Join(err, pool.Close())
}

func databasePath(c *conf.Config) string { return filepath.Join(c.DataDir, "signet.db") }
func keyPath(c *conf.Config) string      { return filepath.Join(c.DataDir, "signet.key") }

func (in *Installation) prepareDirectory(dir string, mode Mode) error {
	if mode == ForCommands {
		if _, err := os.Stat(filepath.Join(dir, "signet.db")); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database in %s: run “signet serve” first, or set DATA_DIR or DB_URL", dir)
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot create the data directory: %w", err)
	}
	release, err := db.LockDir(dir)
	if err != nil {
		return err
	}
	in.release = release
	return nil
}

// unlock finds the key, migrates, and compares the key with the database's
// check value: a wrong key would seal what the right one cannot open.
func (in *Installation) unlock(ctx context.Context, c *conf.Config, mode Mode) error {
	fresh, err := in.isEmpty(ctx)
	if err != nil {
		return err
	}
	if fresh && mode == ForCommands {
		return errors.New("the database is empty: run “signet serve” or “signet migrate” first")
	}
	kek, err := loadKey(c, fresh)
	if err != nil {
		return err
	}
	if in.Keyring, err = crypt.NewKeyring(kek); err != nil {
		return err
	}
	if mode == ForServing {
		if err := in.Pool.Migrate(ctx); err != nil {
			return err
		}
	}
	return in.checkKey(ctx)
}

// isEmpty reports whether nothing was ever stored.
func (in *Installation) isEmpty(ctx context.Context) (bool, error) {
	pending, err := in.Pool.Plan(ctx)
	if err != nil {
		return false, err
	}
	return len(pending) > 0 && strings.HasPrefix(pending[0], "00001"), nil
}

// loadKey reads the key-encryption key. It is made up only for an empty SQLite
// directory: behind PostgreSQL, which always has one given, a second node would
// invent its own.
func loadKey(c *conf.Config, fresh bool) ([]byte, error) {
	if c.SecretVaultKEK.Reveal() != "" {
		return crypt.ParseKEK(c.SecretVaultKEK.Reveal())
	}
	key, err := crypt.ReadKEK(keyPath(c))
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			return nil, fmt.Errorf("the key file %s is missing, and without it the database cannot be opened: restore it from your backup, or set SECRET_VAULT_KEK", keyPath(c))
		}
		return crypt.CreateKEK(keyPath(c))
	}
	return key, err
}

// checkKey compares the key with the value that the first start left behind. Only
// that start writes: commands may meet a standby.
func (in *Installation) checkKey(ctx context.Context) error {
	const kept = `SELECT value FROM system_settings WHERE key = 'key_check'`
	stored, err := db.One[db.JSON[string]](ctx, in.Pool.Across(), kept)
	if errors.Is(err, db.ErrNoRows) {
		_, err = in.Pool.Across().Exec(ctx, `INSERT INTO system_settings (key, value, updated_at) VALUES ('key_check', $1, $2)
			ON CONFLICT (key) DO NOTHING`, db.JSON[string]{V: in.Keyring.Check()}, clock.Clock(clock.System).Millis())
		if err == nil {
			stored, err = db.One[db.JSON[string]](ctx, in.Pool.Across(), kept)
		}
	}
	if err != nil {
		return err
	}
	if stored.V != in.Keyring.Check() {
		return errors.New("this is not the key with which the database was created: put back its key file, or its SECRET_VAULT_KEK")
	}
	return nil
}
