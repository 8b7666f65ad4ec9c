package lint

import "strings"

// A row puts a package on a floor. Paths are relative to the module, "." is the root; "cmd/..." means cmd and all below.
// The first row that fits a package counts.
type row struct {
	path     string
	floor    int
	beside   []string // packages of the same floor that it may import all the same
	never    []string // what it must not import, though the floors would allow it
	testOnly bool     // serves tests: it may start programs, and nothing that ships imports it
}

var floorNames = [...]string{
	"bits", "sleep", "machines", "memory, frames", "doors without processes", "the door with processes", "compositions", "programs",
}

// floors is the house: change it, and ARCHITECTURE.md, in the commit that moves a package, with the reason in its body.
var floors = []row{
	{path: "internal/sys", floor: 0, beside: bits},
	{path: "internal/race", floor: 0, beside: bits},
	{path: "internal/invariant", floor: 0, beside: bits},
	{path: "internal/failpoint", floor: 0, beside: bits},
	{path: "internal/pod", floor: 0, beside: bits},
	{path: "internal/bulk", floor: 0, beside: bits},
	{path: "internal/refusal", floor: 0, beside: bits},

	{path: "internal/park", floor: 1},
	{path: "internal/redo", floor: 1},

	// A machine does not know where it lies, nor who else is there.
	{path: "internal/prim", floor: 2, never: []string{"os/...", "net/..."}},
	{path: "internal/slab", floor: 2, beside: []string{"internal/prim"}, never: []string{"os/...", "net/..."}},
	{path: "internal/list", floor: 2, beside: []string{"internal/prim", "internal/slab"}, never: []string{"os/...", "net/..."}},
	{path: "internal/dict", floor: 2, beside: []string{"internal/prim", "internal/slab"}, never: []string{"os/...", "net/..."}},
	{path: "internal/tasks", floor: 2, beside: []string{"internal/prim", "internal/slab"}, never: []string{"os/...", "net/..."}},
	{path: "internal/ring", floor: 2, beside: []string{"internal/prim"}, never: []string{"os/...", "net/..."}}, // its locks are prim's

	// Frames and layouts are written by hand, with a check at each length; reflection has no place there.
	{path: "internal/arena", floor: 3, never: byHand},
	{path: "internal/wire", floor: 3, never: byHand},
	{path: "internal/boot", floor: 3, never: byHand},
	// Without package net, which every program that imports the root would link.
	{path: "internal/share", floor: 3, never: append([]string{"net/..."}, byHand...)},

	{path: "queue", floor: 4},
	{path: "threading", floor: 4},
	{path: "shm", floor: 4},
	{path: "connection", floor: 4},
	{path: "internal/codec", floor: 4},
	// The looker never starts anything.
	{path: "inspect", floor: 4, never: []string{"internal/boot"}},

	{path: ".", floor: 5},

	{path: "futures", floor: 6},
	{path: "managers", floor: 6, beside: []string{"codec/pickle"}}, // the servers that Python talks to speak pickle
	{path: "codec/pickle", floor: 6},

	// The tools prove that the public API suffices.
	{path: "cluster/...", floor: 7, never: []string{"internal/..."}, beside: []string{"cluster/..."}},
	{path: "cmd/...", floor: 7, never: []string{"internal/..."}, beside: []string{"cmd/...", "examples/...", "cluster/..."}},
	{path: "examples/...", floor: 7, never: []string{"internal/..."}, beside: []string{"examples/...", "cluster/..."}},
	{path: "crash/...", floor: 7, testOnly: true, beside: []string{"crash/...", "internal/model"}},
	{path: "interop/...", floor: 7, testOnly: true},
	{path: "internal/conform", floor: 7, testOnly: true},
	{path: "docs", floor: 7, testOnly: true}, // tests that the tables of names in it are true
	{path: "internal/model", floor: 7, testOnly: true},
	{path: "internal/lint", floor: 7, testOnly: true},
}

var (
	bits   = []string{"internal/invariant", "internal/pod"}
	byHand = []string{"encoding/...", "log"}
)

// rowOf finds the row of a package, nil if the house has none.
func rowOf(table []row, rel string) *row {
	for i := range table {
		if matches(table[i].path, rel) {
			return &table[i]
		}
	}
	return nil
}

func matches(pattern, name string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == below || strings.HasPrefix(name, below+"/")
	}
	return pattern == name
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matches(p, name) {
			return true
		}
	}
	return false
}
