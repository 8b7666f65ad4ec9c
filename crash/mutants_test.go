//go:build linux

package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
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
		"the sweep leaves the token of the dead", "internal/prim/rlock_death.go",
		"r.word.And(lowHalf)\n", "", "rlock alone",
	},
	{
		"leaving one level of several gives the lock back", "internal/prim/rlock.go",
		"case n == 1:", "case n >= 1:", "rlock contended",
	},
	{
		"a panic gives the lock to the next", "torn.go",
		"l.abandon()", "l.Unlock()", "with that panics in a lock",
	},
	{
		"a struct changes in place", "value.go",
		"f(v.next(seq))\n\t\tv.commit(seq)", "f(v.copy(seq))", "struct alone",
	},
	{
		"a dead reader stays", "internal/prim/rwlock_death.go",
		"mine.Store(0)", "_ = mine.Load()", "rwlock read alone",
	},
	{
		"a writer that dies before it is inside abandons the lock", "internal/prim/rwlock_death.go",
		"if v&consistent == 0 {", "if v != 0 {", "rwlock drained",
	},
	{
		"the sweep does not finish the transaction of the dead", "internal/arena/limbo.go",
		"holder == id {\n\t\ta.replay()", "holder == id {", "object of a word",
	},
	{
		"the sweep leaves the slot to a sweeper that is dead too", "internal/arena/sweep.go",
		"state.Status() == Free {", "state.Status() == Dead {", `sweep of one dead at "redo: done" (1)`,
	},
	{
		"what a sweeper died with is looked for in its own objects", "internal/arena/sweep.go",
		"held := corpses\n", "held := slotSet{}\n", "sweep by one without a handle",
	},
	{
		"the permits of the dead are lost", "internal/prim/bounded_death.go",
		"uint32(v)&permitMask+n, slot, 0", "uint32(v)&permitMask, slot, 0", "seat alone",
	},
	{
		"an account is forgotten when another takes its place", "internal/prim/bounded.go",
		"held[slotIn(v)].Store(heldIn(v))", "held[slotIn(v)].Load()", "seat contended",
	},
	{
		"the sweep keeps the notifications of the dead", "internal/prim/condition_death.go",
		"c.Notify(1, top, p)\n", "\n", "condition waited for",
	},
	{
		"a message counts before it is written", "internal/ring/put.go",
		"i := u.index(start)\n", "i := u.index(start)\n\tr.Tail.move(past(start, s.all, 1), true)\n\tfailpoint.Hit(\"mutant\")\n", "mail alone",
	},
	{
		"an element is changed beside the transaction", "internal/list/set.go",
		"t.Set(word, t.Cell())", "*word = t.Cell()", "list: set",
	},
	{
		"a list's index is switched beside the transaction", "internal/list/replace.go",
		"tx.Set(&t.leaves[c.a].At, c.made[0].At)", "t.leaves[c.a].At = c.made[0].At", "list: sort",
	},
	{
		"the sweep leaves a list to the dead", "internal/arena/states_list.go",
		"a.slabDied(&s.List.Slab, id)", "_ = id", "list: append",
	},
	{
		"the sweep does not finish the change of a list", "internal/slab/slab.go",
		"m.Replay(&s.Redo)", "s.Redo.N.Store(0)", "list: insert",
	},
	{
		"the sweep tells nobody that the queue was shut", "internal/ring/shut.go",
		"r.Line.Died(id, p, func() {})\n", "r.Line.Died(id, p, func() {})\n\tif id != 0 {\n\t\treturn\n\t}\n", "mail shut down, now false",
	},
	{
		"the sweep leaves the ends of the dead", "internal/arena/states_pipe.go",
		"gone = s.Ends[end].leave(slot) || gone", "gone = s.Ends[end].Gone() || gone", "pipe alone",
	},
	{
		"nobody shuts the pipe that the dead was about to shut", "internal/arena/states_pipe.go",
		"gone = s.Ends[end].leave(slot) || gone", "gone = s.Ends[end].heldBy(slot) && s.Ends[end].leave(slot) || gone", "pipe alone",
	},
	{
		"an end that is on its way to a child is held by nobody", "pipe_end.go",
		"Ends[e.side].Enter(slot)", "Ends[e.side].Gone()", "pipe opened",
	},
	{
		"the sweep leaves the line of the dead", "internal/ring/shut.go",
		"\tr.Line.Died(id, p, func() {})\n", "", "mail box full",
	},
	{
		"a value is overwritten without a transaction", "internal/dict/change.go",
		"t.Set(&to[i], binary.LittleEndian.Uint64(from))", "to[i] = binary.LittleEndian.Uint64(from)\n\t\tfailpoint.Hit(\"mutant\")", "dict changed",
	},
	{
		"entries are counted beside the transaction", "internal/dict/change.go",
		"t.Set(slot, gone)\n\tt.Set(&s.Count, s.Count-1)", "t.Set(slot, gone)\n\ts.Count--", "dict cleared",
	},
	{
		"the sweep looks at the first shard of a dict alone", "internal/arena/states_dict.go",
		"for i := range shards {", "for i := range shards[:1] {", "dict new",
	},
	{
		"a key's place is free before its entry is", "internal/dict/change.go",
		"t.Set(slot, empty)\n", "*slot = empty\n", "dict deleted",
	},
	{
		"the sweep forgets what the dead had in hand", "internal/tasks/shut.go",
		"\tq.orphans(u)\n", "", "jobs in hand",
	},
	{
		"what comes back is behind the rest", "internal/tasks/entry.go",
		"next != 0 && u.entry(next).Number < number; left-- {", "next != 0; left-- {", "jobs in hand",
	},
	{
		"a job is free before it is in nobody's hand", "internal/tasks/done.go",
		"\tu.unhand(&t, at)\n\tt.Give(at)\n", "\tt.Give(at)\n\tt.Commit()\n\tt = q.Slab.Begin(u.User)\n\tu.unhand(&t, at)\n", "jobs in hand",
	},
	{
		"the sweep tells nobody that all is done", "internal/tasks/shut.go",
		"\tq.Finished.Store(0)\n\tfailpoint.Hit(\"tasks: swept\")\n\tq.ring(u.Parker, due{park.All, park.All, park.All})\n",
		"\tfailpoint.Hit(\"tasks: swept\")\n\tq.ring(u.Parker, due{park.All, park.All, 0})\n", "job joined",
	},
	{
		"the sweep forgets the blocks of the dead", "internal/arena/blocks.go",
		"r.Owe()\n", "", "freight alone",
	},
	{
		"the sweep frees what the dead have put", "internal/ring/reclaim.go",
		"b.Owner.Store(0)\n\t\t\tcontinue\n", "b.Owner.Store(0)\n", "freight alone",
	},
	{
		"a block belongs to its producer until it is given back", "internal/ring/take.go",
		"b.Owner.Store(u.ID)\n", "_ = b\n", "freight contended",
	},
	{
		"those who wait know nothing of a holder's death", "internal/arena/mortal.go",
		"s.Conditions.Load() != 0", "s.Conditions.Load() > 1", "condition notified",
	},
	{
		"who waits for an event looks at it as it is, and not as it was", "internal/prim/event.go",
		"now&eventSet == 0 && (now^seen)&eventPulses == 0", "now&eventSet == 0", "event set and cleared",
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
		"b.lock.Died(id, p, b.repair)", "b.lock.Died(id, p, func() {})", "sweep by one without a handle",
	},
	{
		"an element changes before it is decided", "array_change.go",
		"*a.slip = *p\n\t\tfailpoint.Hit(\"array: slip written\")\n\t\terr := f(a.slip)", "*a.slip = *p\n\t\terr := f(p)", "array element alone",
	},
	{
		"the sweep leaves an element as the dead has left it", "internal/prim/array.go",
		"redo(a.Changes - 1)\n", "\n", "array element alone",
	},
	{
		"an array that was left in a section is free", "array.go",
		"a.section = prim.Holder(h.arena.in.Me(), a.state.Policy.Load() == arena.PolicyAbandon)", "a.section = a.me", "array with alone",
	},
	{
		"nobody is a party before it has waited", "process.go",
		"	st.enroll(p.Name, call)\n", "", "barrier aborted",
	},
}

// TestMutantsFollowTheSource: each mistake can still be made, at one place.
func TestMutantsFollowTheSource(t *testing.T) {
	for _, m := range slices.Concat(mutants, historyMutants) {
		t.Run(m.name, func(t *testing.T) { m.overlay(t, t.TempDir()) })
	}
}

// mutantHangs is when a mutant is found that keeps even those waiting who look on: many times what its scenario takes.
const mutantHangs = time.Minute

// mutantOfToday tells whether the i-th mutant's turn is today.
func mutantOfToday(i int) bool { return (i+time.Now().YearDay())%*withMutants == 0 }

// A harness that has never found anything proves nothing. It takes a build for each mutant, and so some seconds.
func TestMutantsAreFound(t *testing.T) {
	if *withMutants == 0 {
		t.Skip("builds a program for each mutant: with -crash.mutants alone")
	}
	for i, m := range mutants {
		if !mutantOfToday(i) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel() // many of them hang until the harness gives up
			dir := t.TempDir()
			program := filepath.Join(dir, "victim")
			if err := build(program, "-overlay", m.overlay(t, dir)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), mutantHangs)
			defer cancel()
			kills, err := perform(ctx, program, dir, m.scenario)
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
