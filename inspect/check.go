package inspect

import (
	"fmt"
	"slices"
	"time"

	"github.com/multiproc/mp/internal/arena"
)

// Finding is something in an arena that contradicts what its layout promises.
type Finding struct {
	Where    string `json:"where"`
	What     string `json:"what"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
}

// String is the finding on one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: expected %s, found %s", f.Where, f.What, f.Expected, f.Found)
}

// pauses between the looks of one Check, a little over a second in all: by then the family has swept its dead.
var pauses = []time.Duration{
	time.Millisecond, 4 * time.Millisecond, 15 * time.Millisecond, 60 * time.Millisecond,
	120 * time.Millisecond, 300 * time.Millisecond, 520 * time.Millisecond,
}

// manyFindings ends a look: what is that broken is not worth the rest.
const manyFindings = 1000

// Check says what is inconsistent; nothing means that the arena is consistent. The program may go on meanwhile:
// what one look finds may be a change seen half done. So Check looks up to eight times over a second, and
// reports what each look has seen. It returns at once when nothing is left: a consistent arena usually
// takes one look, of about 3 ms and 4 µs for each object.
//
// It looks at the process table (what states and names can be, whether the dead are swept), at the heap lock, at what
// sleeps where, at the locks and holders of all objects, at the directory, and at every span and free block of the heap,
// each of which must have one place. A process that is dead and not swept is a finding only after that second, and only if
// another one lives to sweep it. The heap is judged if its lock was free and its words were the same
// before and after a walk; one that never rests that long is not judged. Memory that should read as zeros is
// not read.
func (a *Arena) Check() []Finding { return lasting(a.look, a.pauses) }

// lasting gives what every look finds, and looks no more once that is nothing.
func lasting(look func() []Finding, pauses []time.Duration) []Finding {
	found := look()
	for _, pause := range pauses {
		if len(found) == 0 {
			return nil
		}
		<-time.After(pause)
		again := make(map[Finding]bool)
		for _, f := range look() {
			again[f] = true
		}
		found = slices.DeleteFunc(found, func(f Finding) bool { return !again[f] })
	}
	return found
}

// look is one look at everything, and what it found.
type look struct {
	*family
	found  []Finding
	living bool // somebody of the family is alive
}

func (a *Arena) look() []Finding {
	f, err := a.family()
	l := &look{family: f}
	if err == nil {
		l.processes()
		err = l.board()
	}
	if err == nil {
		err = l.heap()
	}
	if err != nil {
		l.add("arena", "reading it", "no error", "%v", err)
	}
	return l.found
}

func (l *look) add(where, what, expected, found string, args ...any) {
	if len(l.found) < manyFindings {
		l.found = append(l.found, Finding{where, what, expected, fmt.Sprintf(found, args...)})
	}
}

// must adds a finding unless ok.
func (l *look) must(ok bool, where, what, expected, found string, args ...any) bool {
	if !ok {
		l.add(where, what, expected, found, args...)
	}
	return ok
}

func (l *look) full() bool { return len(l.found) >= manyFindings }

// could tells whether a process with this id is or was: ids are counted up in each slot, by 19 bits that may run over.
func (l *look) could(id uint32) bool {
	const wrap = 1 << 19
	was, is := id>>10, l.state(arena.SlotOf(id)).Generation()
	return was != 0 && was < wrap && (was <= is || was > wrap/2 && is < wrap/2)
}
