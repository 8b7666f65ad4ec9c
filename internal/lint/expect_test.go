package lint

import (
	"strings"
	"testing"
)

// bad parses a source that a rule is tried on.
func bad(t *testing.T, name, text string) *source {
	t.Helper()
	s, err := parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// expect wants exactly one finding that contains the words, or none if there are no words.
func expect(t *testing.T, found []string, words string) {
	t.Helper()
	switch {
	case words == "" && len(found) > 0:
		t.Errorf("found %q in a good source", found)
	case words != "" && len(found) != 1:
		t.Errorf("found %q, want one finding with %q", found, words)
	case words != "" && !strings.Contains(found[0], words):
		t.Errorf("found %q, want %q in it", found[0], words)
	}
}
