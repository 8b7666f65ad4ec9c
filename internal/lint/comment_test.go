package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

func TestComments(t *testing.T) {
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	report(t, `Every package and every exported name has a doc comment: it is the only place where users learn units, ownership, errors,
cost, and what happens when a process dies. Of several build variants of a name one carries the comment.`, checkComments(all))
}

// checkComments looks at whole packages: a name declared once for each system is documented once.
func checkComments(all []*source) []string {
	packages := make(map[string][]*source)
	for _, s := range all {
		key := s.dir() + " " + strings.TrimSuffix(s.syntax.Name.Name, "_test")
		packages[key] = append(packages[key], s)
	}
	var found []string
	for _, files := range packages {
		shipped := slices.DeleteFunc(slices.Clone(files), (*source).isTest)
		if len(shipped) > 0 {
			files = shipped
		}
		if !slices.ContainsFunc(files, func(s *source) bool { return s.syntax.Doc.Text() != "" }) {
			found = append(found, fmt.Sprintf("%s: package %s has no package comment", files[0].dir(), files[0].syntax.Name.Name))
		}
		if files[0].syntax.Name.Name != "main" { // nobody imports a program
			found = append(found, undocumented(shipped)...)
		}
	}
	slices.Sort(found)
	return found
}

func undocumented(files []*source) []string {
	where, documented := make(map[string]string), make(map[string]bool)
	for _, s := range files {
		for _, d := range s.syntax.Decls {
			for name, doc := range exported(d) {
				where[name] = fmt.Sprintf("%s:%d: %s has no doc comment", s.path, s.line(d.Pos()), name)
				documented[name] = documented[name] || doc
			}
		}
	}
	var found []string
	for name, finding := range where {
		if !documented[name] {
			found = append(found, finding)
		}
	}
	return found
}

// exported gives the exported names of a declaration, and whether each has a comment: its own, one at the end of its
// line, or that of its group.
func exported(d ast.Decl) map[string]bool {
	names := make(map[string]bool)
	switch d := d.(type) {
	case *ast.FuncDecl:
		if name := d.Name.Name; d.Name.IsExported() && d.Recv == nil {
			names[name] = d.Doc.Text() != ""
		} else if of := receiver(d); d.Name.IsExported() && ast.IsExported(of) {
			names[of+"."+name] = d.Doc.Text() != ""
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(names, d, spec.Doc, spec.Comment, spec.Name)
			case *ast.ValueSpec:
				add(names, d, spec.Doc, spec.Comment, spec.Names...)
			}
		}
	}
	return names
}

func add(names map[string]bool, group *ast.GenDecl, doc, comment *ast.CommentGroup, idents ...*ast.Ident) {
	for _, id := range idents {
		if id.IsExported() {
			names[id.Name] = doc.Text()+comment.Text()+group.Doc.Text() != ""
		}
	}
}

// receiver is the name of the method's type, "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	for t := f.Recv.List[0].Type; ; {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func TestCommentsCanFail(t *testing.T) {
	const head = "// Package p is tried.\npackage p\n\n"
	for _, c := range []struct{ name, path, text, want string }{
		{"package", "queue/q.go", "package p\n", "queue: package p has no package comment"},
		{"package with detached comment", "queue/q.go", "// Licence.\n\npackage p\n", "no package comment"},
		{"function", "queue/q.go", head + "func F() {}\n", "queue/q.go:4: F has no doc comment"},
		{"function with directive alone", "queue/q.go", head + "//go:noinline\nfunc F() {}\n", "F has no doc comment"},
		{"private function", "queue/q.go", head + "func f() {}\n", ""},
		{"method", "queue/q.go", head + "// T is.\ntype T[A any] int\n\nfunc (t *T[A]) M() {}\n", "T.M has no doc comment"},
		{"method of private type", "queue/q.go", head + "type t int\n\nfunc (t) M() {}\n", ""},
		{"type", "queue/q.go", head + "type T int\n", "T has no doc comment"},
		{"group", "queue/q.go", head + "// Both are.\nconst (\n\tA = 1\n\tB = 2\n)\n", ""},
		{"spec", "queue/q.go", head + "const (\n\t// A is.\n\tA = 1\n\tB = 2\n)\n", "B has no doc comment"},
		{"test", "queue/q_test.go", head + "func F() {}\n", ""},
		{"program", "cmd/mp/main.go", strings.Replace(head, "package p", "package main", 1) + "func F() {}\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, checkComments([]*source{bad(t, c.path, c.text)}), c.want) })
	}
	t.Run("build variants", func(t *testing.T) {
		linux := bad(t, "p/p_linux.go", head+"// F does.\nfunc F() {}\n")
		other := bad(t, "p/p_other.go", "package p\n\nfunc F() {}\n")
		expect(t, checkComments([]*source{linux, other}), "")
		expect(t, checkComments([]*source{other, bad(t, "p/doc.go", head)}), "F has no doc comment")
	})
}
