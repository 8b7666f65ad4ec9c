//go:build linux

package crash

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/multiproc/mp/internal/race"
)

// A mutant is the project with one mistake, and a scenario that must find it.
type mutant struct {
	name, file string
	old, new   string
	scenario   string
}

var mutants = []mutant{
	{
		"a dead holder's lock is free", "internal/prim/lock_death.go",
		"next = v | abandoned", "next = v & waiters", "lock alone",
	},
	{
		"a struct changes in place", "value.go",
		"f(v.next(seq))\n\t\tv.commit(seq)", "f(v.copy(seq))", "struct alone",
	},
	{
		"the sweep does not finish the transaction of the dead", "internal/arena/limbo.go",
		"holder == id {\n\t\ta.replay()", "holder == id {", "object of a word",
	},
	{
		"the sweep leaves the slot to a sweeper that is dead too", "internal/arena/sweep.go",
		"state.SweeperID() != known && a.sweeps(state.SweeperID())", "state.SweeperID() != known", `sweep of one dead at "redo: done" (1)`,
	},
	{
		"a cancelled wait for an event is told that it was set", "internal/prim/event.go",
		"unset(e.word.Load(), came) {\n\t\t\treturn err", "unset(e.word.Load(), came) {\n\t\t\treturn nil", "event wait cancelled",
	},
	{
		"a party's death says nothing to those at the barrier", "internal/prim/barrier_death.go",
		"inside > 0 || party && !clean", "inside > 0 || party && clean", "barrier passed",
	},
	{
		"the sweep leaves a break half done", "internal/prim/barrier_death.go",
		"func() { b.repair(who) }", "func() {}", "barrier aborted",
	},
	{
		"nobody is a party before it has waited", "process.go",
		"	st.enroll(p.Name, call)\n", "", "barrier aborted",
	},
}

// A harness that has never found anything proves nothing. It takes a build for each mutant, and so some seconds.
func TestMutantsAreFound(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("builds a program for each mutant, which the race detector does not see")
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "victim")
			if err := build(program, "-overlay", m.overlay(t, dir)); err != nil {
				t.Fatal(err)
			}
			kills, err := perform(t.Context(), program, dir, m.scenario)
			if err == nil {
				t.Fatalf("%d victims, and nothing was found", len(kills))
			}
			t.Log(err)
		})
	}
}

// overlay writes the mistake beside the source, and the file that has the go tool take it instead.
func (m mutant) overlay(t *testing.T, dir string) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		t.Fatalf("%s has %q %d times: the mutant has to follow the source", m.file, m.old, n)
	}
	mistaken, overlay := filepath.Join(dir, "mistaken.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(mistaken, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {source: mistaken}})
	if err == nil {
		err = os.WriteFile(overlay, list, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}
