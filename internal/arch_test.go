// Package internal_test holds the architecture as a test: which package may
// import which, what a package must say about itself, and how large a file may
// grow. docs/ARCHITECTURE.md explains the rules in words; change both together.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "signet"

// order is the architecture: a package imports platform and packages above it
// in this list, never one below. A name covers the packages in its folder
// unless those have lines of their own. Packages whose name ends in "api" are
// adapters and stand outside the order: see verdict.
var order = []string{
	"tenant", "settings", "audit", "asset", "customdomain", "captcha", "phrase", "emailtemplate",
	"user", "breach", "resource", "role", "user/transfer", "organization", "application",
	"signinexp", "accountcenter", "sentinel",
	"connector", "sso", "passcode", "subjecttoken", "mfa", "webhook", "script", "access", "dashboard",
	// Engines: protocols over many slices.
	"oidc/proto", "oidc/replay", "oidc/dpop", "oidc/protectedresource", "oidc/client", "oidc/token", "oidc/registration", "oidc/signedin", "oidc/grant", "oidc/authorize", "oidc/logout",
	"operator", "samlapp",
	"signin/verification", "signin",
	"account", "operator", "setup", "rp", "purge",
	// Plug-ins, the composition root and what tests start it with.
	"connectors", "server", "apptest", "testbed",
}

// isAdapter tells the packages that turn HTTP into calls of slices and engines.
// They never import each other: what two of them share belongs to a slice.
func isAdapter(name string) bool {
	return name == "hosted" || strings.HasPrefix(name, "hosted/") || strings.HasSuffix(name, "api")
}

// doubles exist for tests and must not be compiled into the product.
var doubles = []string{
	module + "/internal/apptest",
	module + "/internal/testbed",
	module + "/internal/platform/db/dbtest",
	module + "/internal/platform/crypt/jwttest",
	module + "/internal/mfa/softkey",
	module + "/internal/oidc/dpop/dpoptest",
	"github.com/descope/virtualwebauthn",
	"github.com/chromedp/chromedp",
	"github.com/getkin/kin-openapi/openapi3",
	"testing",
}

// bags are names that say nothing about what a package holds.
var bags = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "manager", "types", "model", "models"}

// Soft caps. Split a file by meaning when it grows past its cap; a file that is
// better whole is listed in oversized with the reason.
const (
	maxLines     = 400
	maxTestLines = 600
)

var oversized = map[string]string{}

// wallClock lists the files outside platform/clock that may read the machine's
// time, because they never store it or compare it with a stored time.
var wallClock = map[string]string{
	"internal/platform/web/middleware.go": "measures how long a request took, for the log",
	"internal/platform/db/group.go":       "measures how long a first writer has waited for others",
	"internal/platform/db/checkpoint.go":  "measures how long it took to copy the log",
	"internal/apptest/apptest.go":         "starts its clock at the present, so that other programs accept its tokens",
}

type pkg struct {
	ImportPath, Dir, Doc               string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

// slice is the package's place below internal/, "" for cmd, test and bench.
func (p pkg) slice() string {
	rest, ok := strings.CutPrefix(p.ImportPath, module+"/internal/")
	if !ok {
		return ""
	}
	return rest
}

var packages = sync.OnceValues(func() ([]pkg, error) {
	out, err := goList("-e", "-json=ImportPath,Dir,Doc,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	if err != nil {
		return nil, err
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func goList(args ...string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("go list: %s", exit.Stderr)
	}
	return out, err
}

func load(t *testing.T) []pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// rank is a slice's place in the order, or -1.
func rank(slice string) int {
	for name := slice; name != "."; name = path.Dir(name) {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
	}
	return -1
}

// verdict says why an import breaks the architecture, or "".
func verdict(from, to string) string {
	inner, ok := strings.CutPrefix(to, module+"/internal/")
	if !ok {
		return ""
	}
	fromPlatform, toPlatform := strings.HasPrefix(from, "platform/"), strings.HasPrefix(inner, "platform/")
	switch {
	case inner == "server":
		if from == "" || from == "apptest" || from == "testbed" {
			return ""
		}
		return "only cmd, apptest and testbed import server"
	case from == "" || toPlatform:
		return ""
	case fromPlatform:
		return "platform knows no identity words and imports platform only"
	case inner == "apptest" || inner == "testbed":
		return "a test double outside tests"
	case from == "server" || from == "apptest" || from == "testbed":
		return ""
	case inner == "hosted" && strings.HasPrefix(from, "hosted/"):
		return "" // the look of all pages; each group of pages is an adapter of its own
	case isAdapter(inner):
		return "an adapter is imported by server alone; what others need of it belongs to a slice or an engine"
	case isAdapter(from):
		return ""
	}
	a, b := rank(from), rank(inner)
	if a == b && sameSlice(from, inner) || b < a {
		return ""
	}
	return fmt.Sprintf("%s comes after %s in the order of slices", inner, from)
}

// sameSlice tells whether one of the two lies in the other's folder or beside
// it in a slice's folder.
func sameSlice(a, b string) bool {
	return order[rank(a)] == order[rank(b)]
}

func TestImportsFollowTheOrder(t *testing.T) {
	t.Parallel()
	for _, p := range load(t) {
		slice := p.slice()
		if slice != "" && !strings.HasPrefix(slice, "platform/") && !isAdapter(slice) && rank(slice) < 0 {
			t.Errorf("%s has no place in the order of slices: give it one in arch_test.go and docs/ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if why := verdict(slice, imported); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
			}
		}
		// Tests may reach for anything but the composition root.
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if imported == module+"/internal/server" && slice != "server" && slice != "" {
				t.Errorf("tests of %s import server: use apptest", p.ImportPath)
			}
		}
	}
}

// The rules must be able to fail.
func TestVerdict(t *testing.T) {
	t.Parallel()
	cases := []struct {
		from, to string
		allowed  bool
	}{
		{"user", "signet/internal/platform/db", true},
		{"user", "signet/internal/tenant", true},
		{"user", "signet/internal/application", false},
		{"user", "signet/internal/signin", false},
		{"platform/db", "signet/internal/platform/clock", true},
		{"platform/db", "signet/internal/tenant", false},
		{"oidc/authorize", "signet/internal/oidc/token", true},
		{"oidc/token", "signet/internal/oidc/authorize", false},
		{"signin", "signet/internal/signin/verification", true},
		{"signin/verification", "signet/internal/signin", false},
		{"mfa", "signet/internal/mfa/attestation", true},
		{"accountapi", "signet/internal/account", true},
		{"accountapi", "signet/internal/signinapi", false},
		{"hosted", "signet/internal/signin", true},
		{"hosted", "signet/internal/signinapi", false},
		{"account", "signet/internal/hosted", false},
		{"hosted", "signet/internal/server", false},
		{"user", "signet/internal/apptest", false},
		{"server", "signet/internal/hosted", true},
		{"apptest", "signet/internal/server", true},
		{"testbed", "signet/internal/server", true},
		{"server", "signet/internal/testbed", false},
		{"account/accountapi", "signet/internal/testbed", false},
		{"", "signet/internal/server", true},
		{"user", "net/http", true},
	}
	for _, c := range cases {
		if why := verdict(c.from, c.to); (why == "") != c.allowed {
			t.Errorf("%s imports %s: verdict %q, want allowed=%v", c.from, c.to, why, c.allowed)
		}
	}
}

func TestProductHoldsNoTestDoubles(t *testing.T) {
	t.Parallel()
	out, err := goList("-deps", "./cmd/signet")
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/internal/server") {
		t.Fatal("cmd/signet does not import server: this test looks at the wrong program")
	}
	for _, double := range doubles {
		if slices.Contains(deps, double) {
			t.Errorf("cmd/signet contains %s", double)
		}
	}
	if out, err = goList("-deps", "./cmd/testbed"); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Fields(string(out)), module+"/internal/testbed") {
		t.Error("cmd/testbed does not import internal/testbed: the list of doubles misses its own")
	}
}

// A double of ours that is listed under a name that does not exist would never
// be found.
func TestDoublesExist(t *testing.T) {
	t.Parallel()
	for _, double := range doubles {
		if strings.HasPrefix(double, module+"/") && !slices.ContainsFunc(load(t), func(p pkg) bool { return p.ImportPath == double }) {
			t.Errorf("there is no package %s", double)
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for _, p := range load(t) {
		if slices.Contains(bags, path.Base(p.ImportPath)) {
			t.Errorf("%s: the name says nothing about what the package holds", p.ImportPath)
		}
		if len(p.GoFiles) > 0 && strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package comment: open it with its charter", p.ImportPath)
		}
	}
}

func TestFilesStayReadable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	forEachFile(t, func(name string, file *ast.File, lines int) {
		limit := maxLines
		if strings.HasSuffix(name, "_test.go") {
			limit = maxTestLines
		}
		if lines <= limit || ast.IsGenerated(file) {
			return
		}
		seen[name] = true
		if oversized[name] == "" {
			t.Errorf("%s has %d lines, the cap is %d: split it by meaning, or list it in oversized with the reason", name, lines, limit)
		}
	})
	for name := range oversized {
		if !seen[name] {
			t.Errorf("%s is listed in oversized and is not", name)
		}
	}
}

// Whatever is stored or compared comes from clock.Clock, or tests could not
// turn it.
func TestTimeComesFromTheClock(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	forEachFile(t, func(name string, file *ast.File, _ int) {
		if !strings.HasPrefix(name, "internal/") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/platform/clock/") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Now" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "time" {
				return true
			}
			seen[name] = true
			if wallClock[name] == "" {
				t.Errorf("%s calls time.Now: take the time from a clock.Clock, or list the file in wallClock with the reason", name)
			}
			return true
		})
	})
	for name := range wallClock {
		if !seen[name] {
			t.Errorf("%s is listed in wallClock and does not call time.Now", name)
		}
	}
}

// forEachFile visits every Go file of the module, named from its root.
func forEachFile(t *testing.T, visit func(name string, file *ast.File, lines int)) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range load(t) {
		for _, base := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			full := filepath.Join(p.Dir, base)
			name, err := filepath.Rel(root, full)
			if err != nil {
				t.Fatal(err)
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, full, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			visit(filepath.ToSlash(name), file, fset.File(file.FileStart).LineCount())
		}
	}
}
