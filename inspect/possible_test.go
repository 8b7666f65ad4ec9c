package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/arena"
)

// imagined is a snapshot in which process i waits for object w of waits[i], and holds those of holds[i].
func imagined(holds, waits []string, since time.Duration) *Snapshot {
	now := time.Now()
	s := &Snapshot{Arena: Info{Taken: now}}
	for i := range holds {
		who := Person{ID: uint32(i + 1), PID: i + 1, Name: "p"}
		for name := range strings.SplitSeq(holds[i], "") {
			s.Objects = append(s.Objects, Object{Index: uint32(name[0]), Generation: 1, Kind: "Lock", Name: name, Lock: &Lock{State: "held", Holder: &who}})
		}
		p := Process{Person: who, Alive: true}
		for name := range strings.SplitSeq(waits[i], "") {
			p.Waits = append(p.Waits, Wait{Handle: handle(uint32(name[0]), 1), Object: name, Since: now.Add(-since)})
		}
		s.Processes = append(s.Processes, p)
	}
	return s
}

func TestPossibleDeadlocks(t *testing.T) {
	const long = 2 * longWait
	for _, c := range []struct {
		name         string
		holds, waits []string
		since        time.Duration
		want         string
	}{
		{"two", []string{"a", "b"}, []string{"b", "a"}, long, "1b 2a"},
		{"two, for a moment", []string{"a", "b"}, []string{"b", "a"}, longWait / 2, ""},
		{"three", []string{"a", "b", "c"}, []string{"b", "c", "a"}, long, "1b 2c 3a"},
		{"a queue", []string{"a", "b", ""}, []string{"", "a", "b"}, long, ""},
		{"two goroutines of one process", []string{"ab"}, []string{"ab"}, long, ""},
		{"several waits", []string{"ax", "by"}, []string{"yb", "a"}, long, "1b 2a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, d := range newGuess(imagined(c.holds, c.waits, c.since), &traces{}).deadlocks() {
				for _, w := range d.Waits {
					got = append(got, fmt.Sprint(w.Process.ID, w.Object))
				}
				if d.Certain {
					t.Error("it says that it is certain")
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// A writer drains a lock that the other reads, who waits for a lock of the writer's.
func TestPossibleDeadlockOfReaderAndWriter(t *testing.T) {
	s := imagined([]string{"a", "b"}, []string{"a", "b"}, 2*longWait)
	writer, reader := s.Processes[0].Person, s.Processes[1].Person
	s.Objects[0].Lock, s.Objects[0].Readers = &Lock{State: "draining", Holder: &writer}, []Reader{{reader, 1}}
	s.Objects[1].Lock = &Lock{State: "held", Holder: &writer}
	if d := newGuess(s, &traces{}).deadlocks(); len(d) != 1 || len(d[0].Waits) != 2 {
		t.Errorf("%+v", d)
	}
	s.Objects[0].Lock.State = "held" // it writes: whoever of its process waits is another
	s.Objects[0].Readers = nil
	if d := newGuess(s, &traces{}).deadlocks(); len(d) != 0 {
		t.Errorf("%+v", d)
	}
}

// A cycle that is recorded for one half: goroutine 7 of the first process waits for a traced lock, which goroutine 8 of
// the second holds; the second waits for a lock that is not traced, which the first holds.
func TestPossibleDeadlockHalfRecorded(t *testing.T) {
	s := imagined([]string{"a", ""}, []string{"", "a"}, 2*longWait)
	traced := arena.Handle{Index: 5, Generation: 1}
	f := &family{slots: make([]arena.Slot, arena.Slots)}
	wait := trace{party: party{1, 7}, state: arena.TraceWord(arena.TraceWait), object: traced, since: 1, number: 7}
	hold := trace{party: party{2, 8}, state: arena.TraceWord(arena.TraceHold), object: traced, since: 1}
	tr := &traces{
		family: f, waits: []trace{wait}, holds: map[arena.Handle][]trace{traced: {hold}},
		objects: map[arena.Handle]target{traced: {arena.KindLock, "t", arena.FlagTraced}}, now: s.Arena.Taken, clock: int64(3 * longWait),
	}
	d := newGuess(s, tr).deadlocks()
	if len(d) != 1 || len(d[0].Waits) != 2 || d[0].Certain {
		t.Fatalf("%+v", d)
	}
	// If the goroutine that holds is known to wait for something else, nothing is guessed of it.
	other := wait
	other.party, other.object = party{2, 8}, arena.Handle{Index: 6, Generation: 1}
	tr.waits = append(tr.waits, other)
	tr.objects[other.object] = target{arena.KindLock, "u", arena.FlagTraced}
	if d := newGuess(s, tr).deadlocks(); len(d) != 0 {
		t.Errorf("%+v", d)
	}
}
