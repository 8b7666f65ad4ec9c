package lint

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares with testdata/name; with -update it writes the file instead.
func golden(t *testing.T, name, rule, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	report(t, rule+"\nIf the change is meant: go test ./internal/lint -update, and commit the difference (- was, + is):", difference(string(want), got))
}

// difference names the lines that only one of the texts has, each under the nearest heading: a line that is not indented.
func difference(was, is string) []string {
	wasLines, isLines := headed(was), headed(is)
	var found []string
	for _, l := range wasLines {
		if !slices.Contains(isLines, l) {
			found = append(found, "- "+l)
		}
	}
	for _, l := range isLines {
		if !slices.Contains(wasLines, l) {
			found = append(found, "+ "+l)
		}
	}
	return found
}

func headed(text string) []string {
	var lines []string
	heading := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if trimmed := strings.TrimLeft(line, " \t"); trimmed != line {
			line = heading + ": " + trimmed
		} else {
			heading, _, _ = strings.Cut(line, ": ")
		}
		lines = append(lines, line)
	}
	return lines
}

func TestGoldenCanFail(t *testing.T) {
	expect(t, difference("a\n\tx\nb\n\tx\n", "a\n\tx\nb\n"), "- b: x")
	expect(t, difference("a\n", "a\nb\n"), "+ b")
	expect(t, difference("a\n\tx\n", "a\n\tx\n"), "")
}
