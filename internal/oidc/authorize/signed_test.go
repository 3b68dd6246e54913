package authorize

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every parameter that a check reads is known where a request object is opened.
func TestParameters_AreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	reads := regexp.MustCompile(`(?:\bsent|\bp|\bparams)\.(?:Get|Has|Require|All)\("([a-z_]+)"\)`)
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range reads.FindAllStringSubmatch(string(source), -1) {
			if found++; !slices.Contains(parameters, match[1]) {
				t.Errorf("%s reads %q", file, match[1])
			}
		}
	}
	if found < len(parameters) {
		t.Errorf("%d reads of %d parameters were found", found, len(parameters))
	}
}
