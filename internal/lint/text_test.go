package lint

import (
	"bytes"
	"fmt"
	"go/format"
	"regexp"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	report(t, `Unfinished work is not written into the source, where nobody reads it: finish it, or say in the comment what the code
does not do and why.`, each(t, checkWords))
}

// The words are spelled so that this file passes its own rule.
var (
	markers = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`)
	forNow  = regexp.MustCompile(`(?i)//.*\bfor` + ` now[.,;:)]*\s*$`)
)

func checkWords(s *source) []string {
	var found []string
	for i, line := range strings.Split(string(s.text), "\n") {
		if word := markers.FindString(line); word != "" {
			found = append(found, fmt.Sprintf("%s:%d: %s", s.path, i+1, word))
		} else if forNow.MatchString(line) {
			found = append(found, fmt.Sprintf("%s:%d: a comment that ends in %q", s.path, i+1, "for"+" now"))
		}
	}
	return found
}

func TestFormat(t *testing.T) {
	report(t, `Go files are as gofmt writes them: run gofmt -w on them.`, each(t, checkFormat))
}

func checkFormat(s *source) []string {
	formatted, err := format.Source(s.text)
	if err != nil {
		return []string{err.Error()}
	}
	if !bytes.Equal(formatted, s.text) {
		return []string{s.path}
	}
	return nil
}

func TestTextCanFail(t *testing.T) {
	for _, c := range []struct {
		name, text string
		rule       func(*source) []string
		want       string
	}{
		{"marker", "package p\n\n// TO" + "DO: more\n", checkWords, "a.go:3: TO" + "DO"},
		{"marker with name", "package p\n\n// FIX" + "ME(x) more\n", checkWords, "a.go:3: FIX" + "ME"},
		{"no marker", "package p\n\n// A TODOX and XXXX.\n", checkWords, ""},
		{"for now", "package p\n\n// It is slow for" + " now.\n", checkWords, "ends in"},
		{"for now on", "package p\n\n// Not for now or ever, but always.\n", checkWords, ""},
		{"format", "package p\nvar  x int\n", checkFormat, "a.go"},
		{"formatted", "package p\n\nvar x int\n", checkFormat, ""},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.rule(bad(t, "a.go", c.text)), c.want) })
	}
}
