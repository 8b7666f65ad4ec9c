package lint

import (
	"fmt"
	"go/ast"
	"strconv"
	"testing"
)

func TestNoSleep(t *testing.T) {
	report(t, `time.Sleep waits too long or too short, never right: a test with one is slow on a good day and fails on a bad one.
Wait for the thing itself: a channel, a handshake, testing/synctest. Only examples/ and crash/ play real work with it.`, each(t, checkSleep))
}

func checkSleep(s *source) []string {
	if s.under("examples", "crash") {
		return nil
	}
	name := importName(s.syntax, "time")
	var found []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" && name != "" {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name {
				found = append(found, fmt.Sprintf("%s:%d: time.Sleep", s.path, s.line(sel.Pos())))
			}
		}
		return true
	})
	return found
}

// importName is the name under which the file knows the package, "" if it does not import it.
func importName(f *ast.File, imported string) string {
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && p == imported {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return imported
		}
	}
	return ""
}

func TestNoInit(t *testing.T) {
	report(t, `An init function runs in every child at its start, before anyone asked, in an order nobody sees.
Use a package-level value, sync.OnceValue, or a call from the root package, which alone has the right to one.`, each(t, checkInit))
}

func checkInit(s *source) []string {
	if s.dir() == "." || s.syntax.Name.Name == "main" {
		return nil
	}
	var found []string
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, fmt.Sprintf("%s:%d: func init", s.path, s.line(f.Pos())))
		}
	}
	return found
}

func TestNoDroppedErrors(t *testing.T) {
	report(t, `A range over an iter.Seq2[T, error] with one variable compiles and drops the error.
Write: for v, err := range q.All(ctx).`, each(t, checkRange))
}

// checkRange knows the iterators of the public API by name and by their context: slices.All and the All of a Dict take none.
func checkRange(s *source) []string {
	var found []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		loop, ok := n.(*ast.RangeStmt)
		if !ok || loop.Value != nil {
			return true
		}
		call, ok := loop.X.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		first, isName := call.Args[0].(*ast.Ident)
		sel, isSelector := call.Fun.(*ast.SelectorExpr)
		if !isName || !isSelector || first.Name != "ctx" {
			return true
		}
		switch sel.Sel.Name {
		case "All", "Map", "MapUnordered":
			found = append(found, fmt.Sprintf("%s:%d: range over %s(ctx, …) drops the error", s.path, s.line(loop.Pos()), sel.Sel.Name))
		}
		return true
	})
	return found
}

func TestCodeCanFail(t *testing.T) {
	for _, c := range []struct {
		name, path, text string
		rule             func(*source) []string
		want             string
	}{
		{"sleep", "queue/queue_test.go", "package p\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", checkSleep, "queue/queue_test.go:3: time.Sleep"},
		{"sleep renamed", "queue/q.go", "package p\nimport clock \"time\"\nvar f = clock.Sleep\n", checkSleep, "q.go:3"},
		{"sleep of our own", "queue/q.go", "package p\nvar f = time.Sleep\n", checkSleep, ""},
		{"sleep in crash", "crash/x/x.go", "package p\nimport \"time\"\nvar f = time.Sleep\n", checkSleep, ""},
		{"init", "queue/q.go", "package p\nfunc init() {}\n", checkInit, "q.go:2: func init"},
		{"init in root", "mp.go", "package p\nfunc init() {}\n", checkInit, ""},
		{"init in main", "cmd/mp/main.go", "package main\nfunc init() {}\n", checkInit, ""},
		{"method init", "queue/q.go", "package p\ntype t int\nfunc (t) init() {}\n", checkInit, ""},
		{"range", "examples/a/main.go", "package p\nfunc f() { for v := range q.All(ctx) { _ = v } }\n", checkRange, "drops the error"},
		{"range with error", "examples/a/main.go", "package p\nfunc f() { for v, err := range q.All(ctx) { _, _ = v, err } }\n", checkRange, ""},
		{"range over slices", "examples/a/main.go", "package p\nfunc f() { for i := range slices.All(s) { _ = i } }\n", checkRange, ""},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.rule(bad(t, c.path, c.text)), c.want) })
	}
}
