package docs

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPythonTables(t *testing.T) {
	found := tables(read(t, "python.md"))
	report(t, "A row of python.md has as many cells as its head, between single bars.", checkShape(found))
	if t.Failed() {
		return
	}
	names := strings.Fields(read(t, "python_names.txt"))
	if len(names) < 700 || !slices.IsSorted(names) {
		t.Errorf("python_names.txt has %d names, sorted: %t; write it with python_names.py", len(names), slices.IsSorted(names))
	}
	report(t, "Every name of python_names.txt has exactly one row in python.md.", checkNames(found[mapHead], names))
	report(t, "A row says yes, not yet, no or Go, and what that promises.", checkStates(found[mapHead]))
	if len(found[casesHead]) < 40 || len(found[cheatHead]) < 10 {
		t.Errorf("%d rows of Python's tests and %d of the first table: were their heads changed?",
			len(found[casesHead]), len(found[cheatHead]))
	}
}

func TestPythonNamesAreOurs(t *testing.T) {
	found, packages := tables(read(t, "python.md")), library{}
	rows := slices.Concat(found[mapHead], found[cheatHead])
	report(t, "What python.md says of our names is true today: change the row, in the commit that changes the name.",
		checkGo(rows, packages.has))
}

func TestPythonCases(t *testing.T) {
	tests := testNames(t)
	report(t, "A test of ours named beside one of Python's exists.",
		checkCases(tables(read(t, "python.md"))[casesHead], func(name string) bool { return tests[name] }))
}

func TestSnippets(t *testing.T) {
	packages := library{}
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(read(t, "python.md"), -1)
	if len(blocks) < 2 {
		t.Fatalf("python.md has %d pieces of Go", len(blocks))
	}
	for _, b := range blocks {
		report(t, "The Go code in python.md is formatted, and uses what exists.", checkSnippet(b[1], packages.has))
	}
}

// checkSnippet takes a whole file, or statements.
func checkSnippet(text string, exists func(string) bool) []string {
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return []string{err.Error()}
	}
	if string(formatted) != text {
		return []string{"not as gofmt writes it: " + text}
	}
	if !strings.HasPrefix(text, "package ") {
		text = "package p\n\nfunc _() {\n" + text + "}\n"
	}
	f, err := parser.ParseFile(token.NewFileSet(), "snippet.go", text, 0)
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			x, isName := sel.X.(*ast.Ident)
			if isName && x.Name == "mp" && !exists("mp."+sel.Sel.Name) {
				faults = append(faults, fmt.Sprintf("mp.%s is missing", sel.Sel.Name))
			}
		}
		return true
	})
	return faults
}

// testNames collects the names of all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	declared, found := regexp.MustCompile(`(?m)^func (Test\w+)\(`), map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == ".git" { // in a linked worktree it is a file
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func report(t *testing.T, rule string, faults []string) {
	t.Helper()
	if len(faults) > 0 {
		t.Errorf("%s\n%s", rule, strings.Join(slices.Compact(slices.Sorted(slices.Values(faults))), "\n"))
	}
}
