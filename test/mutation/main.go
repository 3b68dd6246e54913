// Command mutation takes the product's security checks out one by one, in
// memory, and runs the test that must notice. A check whose removal no test
// notices is a check that the next change may lose.
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
var targets = slices.Concat(webauthn, passkeyUse, pkce, redirects, registeredURIs, refreshReuse)

func main() {
	pattern := flag.String("only", "", "regular expression: try the mutants whose names match")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, *pattern)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, pattern string) int {
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
	fmt.Printf("%d passed, %d failed\n", counts[killed], counts[survived]+counts[broken])
	if counts[killed] == 0 || counts[survived]+counts[broken] > 0 {
		return 1
	}
	return 0
}
