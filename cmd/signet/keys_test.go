package main

import (
	"strings"
	"testing"
	"time"
)

// rotated is a key as the command line lists it.
type rotated struct {
	ID, Status, Algorithm string
	EffectiveAt           *int64
}

func statuses(keys []rotated) string {
	var list []string
	for _, k := range keys {
		list = append(list, k.Status+" "+k.Algorithm)
	}
	return strings.Join(list, ", ")
}

// A key may be published before it signs, as by the Management API.
func TestKeysRotate_GracePeriod(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.serve().stop(t)
	rotate := func(args ...string) (keys []rotated) {
		t.Helper()
		in.json(&keys, "", append([]string{"keys", "rotate"}, args...)...)
		return keys
	}
	before := time.Now().UnixMilli()
	staged := rotate("--grace-period", "3600")
	if got := statuses(staged); got != "Current ES384, Next ES384" {
		t.Fatalf("staged: %s", got)
	}
	if at := staged[1].EffectiveAt; at == nil || *at < before+3_600_000 || *at > time.Now().UnixMilli()+3_600_000 || staged[0].EffectiveAt != nil {
		t.Errorf("it signs from %v, %v", at, staged[0].EffectiveAt)
	}
	in.fails("", []string{"keys", "rotate"}, "another key waits to sign")
	if again := rotate("--grace-period", "60", "--algorithm", "ES256"); statuses(again) != "Current ES384, Next ES256" || again[0] != staged[0] {
		t.Errorf("again: %+v", again)
	}
	if out := in.run("keys", "list"); !strings.Contains(out, "signs from 20") {
		t.Errorf("the list: %s", out)
	}
	for _, bad := range []string{"-1", "31536001", "4h"} {
		in.fails("", []string{"keys", "rotate", "--grace-period=" + bad}, "--grace-period")
	}
}

// What the configuration says counts where the command does not say.
func TestKeysRotate_GracePeriodOfTheConfiguration(t *testing.T) {
	t.Parallel()
	in := install(t, "PRIVATE_KEY_ROTATION_GRACE_PERIOD=3600")
	in.serve().stop(t)
	var keys []rotated
	if in.json(&keys, "", "keys", "rotate", "--grace-period=0"); statuses(keys) != "Current ES384, Previous ES384" {
		t.Errorf("at once: %s", statuses(keys))
	}
	if in.json(&keys, "", "keys", "rotate"); statuses(keys) != "Current ES384, Next ES384, Previous ES384" {
		t.Errorf("as configured: %s", statuses(keys))
	}
}
