package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// The walls. What to aim at is less: 100–200 lines a file, 30 a function.
const (
	fileLines     = 400
	testFileLines = 600
	funcLines     = 70
)

func TestSizes(t *testing.T) {
	report(t, `A file holds one idea and a function one step; a reader should have the whole of either before the eyes.
Cut where the idea changes, not at line 400.`, each(t, checkSize))
}

func checkSize(s *source) []string {
	var found []string
	wall := fileLines
	if s.isTest() {
		wall = testFileLines
	}
	if n := bytes.Count(s.text, []byte("\n")); n > wall {
		found = append(found, fmt.Sprintf("%s has %d lines, the wall is %d", s.path, n, wall))
	}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			if lines := s.line(n.End()) - s.line(n.Pos()) + 1; lines > funcLines {
				found = append(found, fmt.Sprintf("%s:%d: a function of %d lines, the wall is %d", s.path, s.line(n.Pos()), lines, funcLines))
				return false // those inside are part of it
			}
		}
		return true
	})
	return found
}

func TestSizesCanFail(t *testing.T) {
	lines := func(n int) string { return strings.Repeat("\n", n) }
	for _, c := range []struct{ name, path, text, want string }{
		{"long file", "a.go", "package p" + lines(fileLines+1), "has 401 lines"},
		{"full file", "a.go", "package p" + lines(fileLines), ""},
		{"full test", "a_test.go", "package p" + lines(testFileLines), ""},
		{"long test", "a_test.go", "package p" + lines(testFileLines+1), "has 601 lines"},
		{"long function", "a.go", "package p\nfunc f() {" + lines(funcLines) + "}\n", "a.go:2: a function of 71 lines"},
		{"full function", "a.go", "package p\nfunc f() {" + lines(funcLines-1) + "}\n", ""},
		{"long literal", "a.go", "package p\nvar f = func() {" + lines(funcLines) + "}\n", "a function of 71 lines"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, checkSize(bad(t, c.path, c.text)), c.want) })
	}
}
