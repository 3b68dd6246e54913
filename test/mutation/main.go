// Command mutation proves that security checks are tested: it removes them one
// at a time and demands that a named test fails each time. The tables list the
// checks, a file for each subject. A changed file reaches the compiler as an
// overlay, so the work tree is never touched.
//
// The tests beside it keep the tables true without running a mutant.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
)

// targets is everything that is tried.
var targets = slices.Concat(
	webauthn, passkeyUse, pkce, redirects, registeredURIs, refreshReuse, devices, storedHashes, operators, suspended,
	audiences, bearers, uploads, signOuts, signingKeys, signed, proofs, stepUps, registrations, together, outbound, pipelined, personal, browsing, strangers,
)

func main() {
	pattern := flag.String("only", "", "regular expression: try the mutants whose names match")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := try(ctx, *pattern)
	stop()
	os.Exit(code)
}

func try(ctx context.Context, pattern string) int {
	only, err := regexp.Compile(pattern)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		return 2
	}
	r, err := newRunner(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		return 2
	}
	defer r.close()
	counts := r.all(ctx, only)
	fmt.Printf("%d killed, %d survived, %d broken\n", counts[killed], counts[survived], counts[broken])
	if counts[killed] == 0 || counts[survived]+counts[broken] > 0 {
		return 1
	}
	return 0
}
