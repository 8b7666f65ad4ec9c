package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFloors(t *testing.T) {
	report(t, `A package imports lower floors only, so that each can be read, tested and replaced without those above it.
Move what is shared down, hand it in as a parameter, or change the table in internal/lint/floors_table_test.go and
ARCHITECTURE.md in one commit, with the reason. Tests may import anything.`,
		checkFloors(floors, must(t, listAMD64).ours()))
}

func checkFloors(table []row, pkgs []*listed) []string {
	var found []string
	for _, p := range pkgs {
		from := rowOf(table, p.rel())
		if from == nil {
			found = append(found, fmt.Sprintf("%s has no floor: add it to the table in internal/lint/floors_table_test.go", p.rel()))
			continue
		}
		for _, imported := range p.Imports {
			if why := refused(table, from, relative(p.Module.Path, imported), isOurs(p, imported)); why != "" {
				found = append(found, p.rel()+why)
			}
		}
		if from.floor < 7 && slices.Contains(p.Deps, "net/http") {
			found = append(found, p.rel()+" links net/http: every child process pays for it at its start; it belongs on floor 7")
		}
	}
	return found
}

func isOurs(p *listed, imported string) bool {
	return imported == p.Module.Path || strings.HasPrefix(imported, p.Module.Path+"/")
}

// refused says why the row may not import the package, "" if it may.
func refused(table []row, from *row, imported string, ours bool) string {
	if matchesAny(from.never, imported) {
		return fmt.Sprintf(" imports %s, which its row in the table forbids", imported)
	}
	if !ours {
		return ""
	}
	to := rowOf(table, imported)
	switch {
	case to == nil: // its own finding says so
		return ""
	case to.floor < from.floor || matchesAny(from.beside, imported):
		return ""
	}
	return fmt.Sprintf(" (floor %d, %s) imports %s (floor %d, %s)", from.floor, floorNames[from.floor], imported, to.floor, floorNames[to.floor])
}

func TestFloorsCanFail(t *testing.T) {
	pkg := func(rel string, imports ...string) *listed {
		p := &listed{ImportPath: "m/" + rel, Imports: imports, Deps: imports}
		if rel == "." {
			p.ImportPath = "m"
		}
		p.Module = &struct {
			Path string
			Main bool
		}{"m", true}
		return p
	}
	for _, c := range []struct {
		name string
		pkg  *listed
		want string
	}{
		{"upwards", pkg("internal/park", "m/internal/prim"), "floor 1, sleep) imports internal/prim (floor 2"},
		{"sideways", pkg("internal/race", "m/internal/sys"), "floor 0, bits) imports internal/sys (floor 0"},
		{"bits beside", pkg("internal/race", "m/internal/pod"), ""},
		{"machine knows files", pkg("internal/prim", "os"), "imports os, which its row"},
		{"frames by reflection", pkg("internal/wire", "encoding/binary"), "imports encoding/binary, which its row"},
		{"door links http", pkg(".", "net/http"), "links net/http"},
		{"door imports up", pkg(".", "m/futures"), "imports futures (floor 6"},
		{"tool looks inside", pkg("cmd/mp/top", "m/internal/arena"), "imports internal/arena, which its row"},
		{"tool ships a test helper", pkg("cmd/mp", "m/internal/conform"), "imports internal/conform, which its row"},
		{"tool embeds an example", pkg("cmd/mp/tour", "m/examples/counter", "m"), ""},
		{"looker starts", pkg("inspect", "m/internal/boot"), "imports internal/boot, which its row"},
		{"homeless", pkg("internal/z"), "internal/z has no floor: add it to the table"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, checkFloors(floors, []*listed{c.pkg}), c.want) })
	}
}
