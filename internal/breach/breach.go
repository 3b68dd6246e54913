// Package breach tells passwords that are known from data breaches. It asks the
// range service of Have I Been Pwned, which learns the first five of forty hex
// digits of the password's SHA-1 and nothing else; answers are padded so that
// their length says nothing either. When the service cannot be reached, no
// password is called known: signing up must not depend on it.
package breach

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/fetch"
)

// Service is the public range service.
const Service = "https://api.pwnedpasswords.com"

const (
	timeout = 2 * time.Second
	// pause is how long the service is left alone after it failed, so that an
	// outage slows nobody down.
	pause   = time.Minute
	maxBody = 4 << 20
)

// Checker asks a range service.
type Checker struct {
	service string
	client  *http.Client
	clock   clock.Clock
	// quietUntil is the time, in epoch milliseconds, before which it is not asked.
	quietUntil atomic.Int64
}

// New returns a Checker of a service, Service or a mirror of it.
func New(service string, now clock.Clock, o fetch.Options) *Checker {
	o.Timeout = timeout
	return &Checker{service: strings.TrimRight(service, "/"), client: fetch.New(o), clock: now}
}

// Known reports whether the password is known from a breach. It is a
// user.PwnedCheck.
func (c *Checker) Known(ctx context.Context, password string) bool {
	if c.clock.Millis() < c.quietUntil.Load() {
		return false
	}
	// SHA-1 is the key of the service's index, not a protection of anything.
	sum := sha1.Sum([]byte(password))
	digest := strings.ToUpper(hex.EncodeToString(sum[:]))
	known, err := c.ask(ctx, digest[:5], digest[5:])
	if err != nil && ctx.Err() == nil {
		c.quietUntil.Store(c.clock.Millis() + pause.Milliseconds())
		slog.WarnContext(ctx, "the breach service cannot be asked; passwords are not checked for a minute", "error", err)
	}
	return known
}

func (c *Checker) ask(ctx context.Context, prefix, suffix string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.service+"/range/"+prefix, nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Add-Padding", "true")
	req.Header.Set("User-Agent", "Signet")
	res, err := c.client.Do(req)
	if err != nil {
		return false, err
	}
	body, err := fetch.Read(res, maxBody)
	if err != nil {
		return false, err
	}
	if res.StatusCode != http.StatusOK {
		return false, fmt.Errorf("breach: the service answers %d", res.StatusCode)
	}
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		found, count, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		// Padding has the count 0.
		if strings.EqualFold(found, suffix) {
			return count != "0", nil
		}
	}
	return false, lines.Err()
}
