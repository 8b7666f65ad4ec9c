package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestDependencies(t *testing.T) {
	l := must(t, listAMD64)
	needs := thirdParty(l)
	report(t, `Who imports the door gets the standard library, golang.org/x/sys, and nothing else to audit, to update and
to start in each child. Put what needs more into a package of its own.`, checkLean(needs))
	golden(t, "deps.golden", `Which third-party modules a package needs is decided, not fallen into. A new one takes an ADR.`, printDeps(needs))
}

// lean packages are the ones that everybody imports; allowed is all they may bring along.
var (
	lean    = []string{".", "threading", "queue", "futures"}
	allowed = []string{"golang.org/x/sys"}
)

// thirdParty gives the modules that each package of ours links, tests apart.
func thirdParty(l *listing) map[string][]string {
	needs := make(map[string][]string)
	for _, p := range l.ours() {
		modules := make(map[string]bool)
		for _, dep := range p.Deps {
			if d := l.byPath[dep]; d != nil && d.Module != nil && !d.Module.Main {
				modules[d.Module.Path] = true
			}
		}
		needs[p.rel()] = slices.Sorted(maps.Keys(modules))
	}
	return needs
}

func checkLean(needs map[string][]string) []string {
	var found []string
	for _, name := range lean {
		for _, module := range needs[name] {
			if !slices.Contains(allowed, module) {
				found = append(found, fmt.Sprintf("package %s needs %s", name, module))
			}
		}
	}
	return found
}

// printDeps leaves out packages that need nothing, so that a new one of them changes no golden file.
func printDeps(needs map[string][]string) string {
	var b strings.Builder
	b.WriteString("# Third-party modules by package, for Linux, tests apart. What is not named needs the standard library alone.\n")
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if len(needs[name]) == 0 {
			continue
		}
		fmt.Fprintln(&b, name)
		for _, module := range needs[name] {
			fmt.Fprintf(&b, "\t%s\n", module)
		}
	}
	return b.String()
}

func TestDependenciesCanFail(t *testing.T) {
	expect(t, checkLean(map[string][]string{"queue": {"golang.org/x/sys", "example.com/heavy"}}), "package queue needs example.com/heavy")
	expect(t, checkLean(map[string][]string{"cluster": {"example.com/heavy"}}), "")

	module := func(path string, main bool) *struct {
		Path string
		Main bool
	} {
		return &struct {
			Path string
			Main bool
		}{path, main}
	}
	l := &listing{byPath: map[string]*listed{"x.org/y/z": {ImportPath: "x.org/y/z", Module: module("x.org/y", false)}, "fmt": {ImportPath: "fmt"}}}
	l.all = []*listed{{ImportPath: "m/queue", Deps: []string{"fmt", "x.org/y/z"}, Module: module("m", true)}}
	if got := printDeps(thirdParty(l)); !strings.HasSuffix(got, "queue\n\tx.org/y\n") {
		t.Errorf("deps printed as %q", got)
	}
}
