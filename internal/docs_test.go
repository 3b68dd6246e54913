package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	silent  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// documents returns the text of each document for people, without its blocks of
// code, by its path from the root of the repository.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	read := func(path string) {
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = fenced.ReplaceAllString(string(text), "")
	}
	for _, path := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "AGENTS.md"} {
		read(path)
	}
	err := fs.WalkDir(os.DirFS(".."), "docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			read(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// anchor is the fragment by which a heading is linked to.
func anchor(heading string) string {
	return strings.ReplaceAll(silent.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

func TestDocs_LinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	for from, text := range texts {
		for _, link := range linked.FindAllStringSubmatch(text, -1) {
			target, fragment, _ := strings.Cut(link[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := from
			if target != "" {
				path = filepath.Join(filepath.Dir(from), target)
			}
			if _, err := os.Stat(filepath.Join("..", path)); err != nil {
				t.Errorf("%s: %s leads nowhere", from, link[1])
				continue
			}
			found := fragment == ""
			for _, h := range heading.FindAllStringSubmatch(texts[path], -1) {
				found = found || anchor(h[1]) == fragment
			}
			if !found {
				t.Errorf("%s: %s has no such heading", from, link[1])
			}
		}
	}
}

// Who comes to the README finds every page but the single decisions.
func TestDocs_ReadmeListsEveryPage(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	for path := range texts {
		if strings.HasPrefix(path, "docs/") && !strings.HasPrefix(path, "docs/adr/") && !strings.Contains(texts["README.md"], "]("+path+")") {
			t.Errorf("README.md does not link to %s", path)
		}
	}
}
