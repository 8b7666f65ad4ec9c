package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/arena"
)

// played is two processes whose records a test writes as goroutines would.
type played struct {
	t       *testing.T
	members []*member
	objects map[string]arena.Handle
	w       *Arena
}

func play2(t *testing.T, flags map[string]uint32) *played {
	a := kin(t, "kin")
	p := &played{t: t, members: []*member{{Arena: a}, relative(t, a)}, objects: make(map[string]arena.Handle), w: watch(t, a)}
	for _, name := range []string{"a", "b", "c"} {
		f, ok := flags[name]
		if !ok {
			f = arena.FlagTraced
		}
		o := object(t, a, arena.ObjectSpec{Kind: arena.KindLock, Flags: f, Name: name, Type: "mp.Lock", Size: lockSize})
		p.objects[name] = o.Handle()
	}
	return p
}

// note writes a record of goroutine g of a process, as "process g hold|share|gate|want|wantshare name".
func (p *played) note(text string) *arena.TraceRecord {
	p.t.Helper()
	var who int
	var g uint64
	var verb, name string
	if _, err := fmt.Sscan(text, &who, &g, &verb, &name); err != nil {
		p.t.Fatal(err)
	}
	n := arena.Note{Kind: arena.TraceHold, Object: p.objects[name], Goroutine: g, Number: g, Where: arena.Text("file.go:" + fmt.Sprint(g))}
	switch verb {
	case "share":
		n.Mode = arena.Shared
	case "gate":
		n.Mode = arena.Gate
	case "want":
		n.Kind = arena.TraceWait
	case "wantshare":
		n.Kind, n.Mode = arena.TraceWait, arena.Shared
	}
	return p.members[who].Trace(n)
}

func (p *played) deadlocks() []Deadlock {
	p.t.Helper()
	d, err := p.w.Deadlocks()
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func TestDeadlocksOfRecords(t *testing.T) {
	for _, c := range []struct {
		name, notes string
		want        []string // the parties and what they wait for, of each cycle
	}{
		{"none", "0 1 hold a, 1 1 want a", nil},
		{"two", "0 1 hold a, 1 1 hold b, 0 1 want b, 1 1 want a", []string{"0.1 b 1.1 a"}},
		{"two of one process", "0 1 hold a, 0 2 hold b, 0 1 want b, 0 2 want a", []string{"0.1 b 0.2 a"}},
		{"another goroutine waits than holds", "0 1 hold a, 1 1 hold b, 0 2 want b, 1 1 want a", nil},
		{"goroutines of two processes with one number", "0 1 hold a, 1 1 want a, 1 2 hold b, 0 2 want b", nil},
		{"three", "0 1 hold a, 1 1 hold b, 0 2 hold c, 0 1 want b, 1 1 want c, 0 2 want a", []string{"0.1 b 0.2 a 1.1 c"}},
		{"itself", "1 7 hold a, 1 7 want a", []string{"1.7 a"}},
		{"a tail is no part", "0 1 hold a, 1 1 hold b, 0 1 want b, 1 1 want a, 0 3 want a", []string{"0.1 b 1.1 a"}},
		{"two cycles", "0 1 hold a, 0 1 want a, 1 1 hold b, 1 1 want b", []string{"0.1 a", "1.1 b"}},
		{"readers share", "0 1 share a, 1 1 share b, 0 1 wantshare b, 1 1 wantshare a", nil},
		{"readers who want to write", "0 1 share a, 1 1 share a, 0 1 want a, 1 1 want a", []string{"0.1 a", "1.1 a"}},
		{"a writer waits for a reader, who waits for its lock", "0 1 share a, 1 1 hold b, 1 1 want a, 0 1 want b", []string{"0.1 b 1.1 a"}},
		{"a reader again, behind a writer at the gate", "0 1 share a, 1 1 gate a, 1 1 want a, 0 1 wantshare a", []string{"0.1 a 1.1 a"}},
		{"a writer at its own gate", "1 1 gate a, 1 1 want a", nil},
		{"one of two readers is enough", "0 1 share a, 0 2 share a, 1 1 gate a, 1 1 want a, 1 1 hold b, 0 2 want b", []string{"0.2 b 1.1 a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play2(t, nil)
			for note := range strings.SplitSeq(c.notes, ", ") {
				p.note(note)
			}
			var got []string
			for _, d := range p.deadlocks() {
				var cycle []string
				for _, w := range d.Waits {
					who := slices.IndexFunc(p.members, func(m *member) bool { return m.Me() == w.Process.ID })
					cycle = append(cycle, fmt.Sprintf("%d.%d %c", who, w.Number, w.Object[6]))
				}
				slices.Sort(cycle)
				got = append(got, strings.Join(cycle, " "))
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDeadlockSaysAllThatIsKnown(t *testing.T) {
	p := play2(t, nil)
	before := time.Now().Add(-time.Millisecond)
	for _, note := range []string{"0 1 share a", "1 2 gate a", "1 2 want a", "0 1 wantshare a"} {
		p.note(note)
	}
	d := p.deadlocks()[0]
	reader, writer := d.Waits[0], d.Waits[1]
	if writer.Number == 1 {
		reader, writer = writer, reader
	}
	if !d.Certain || reader.Process.Name != "MainProcess" || writer.Process.Name != "relative" || reader.Object != `Lock "a" (0.1)` || reader.Handle != "0.1" {
		t.Errorf("%+v", d)
	}
	if reader.Where != "file.go:1" || reader.HeldAt != "file.go:2" || reader.HeldAs == "" || writer.HeldAs != "for reading" || writer.HeldAt != "file.go:1" {
		t.Errorf("%+v", d)
	}
	for _, at := range []time.Time{reader.Since, reader.HeldSince, writer.Since, writer.HeldSince} {
		if at.Before(before) || at.After(time.Now()) {
			t.Errorf("a wait or hold since %v", at)
		}
	}
}

// The youngest is refused, of those that ask for it.
func TestRefusedIsTheYoungestThatMay(t *testing.T) {
	const may = arena.FlagTraced | arena.FlagDetect
	for _, c := range []struct {
		flags map[string]uint32
		want  string
	}{
		{nil, ""},
		{map[string]uint32{"a": may, "b": may, "c": may}, "a"},
		{map[string]uint32{"b": may, "c": may}, "c"},
		{map[string]uint32{"b": may}, "b"},
	} {
		p := play2(t, c.flags)
		for _, note := range []string{"0 1 hold a", "1 1 hold b", "0 2 hold c", "0 1 want b", "1 1 want c", "0 2 want a"} {
			p.note(note)
		}
		got := ""
		for _, w := range p.deadlocks()[0].Waits {
			if w.Refused {
				got += string(w.Object[6])
			}
		}
		if got != c.want {
			t.Errorf("of %v, refused is the one that waits for %q, want %q", c.flags, got, c.want)
		}
	}
}

// What is over is over: a record that is erased, a lock that is not traced, a process that died.
func TestDeadlockEnds(t *testing.T) {
	p := play2(t, map[string]uint32{"c": 0})
	p.note("0 1 hold a")
	p.note("1 1 hold b")
	p.note("0 1 want b")
	last := p.note("1 1 want a")
	if len(p.deadlocks()) != 1 {
		t.Fatal("no deadlock to begin with")
	}
	p.members[1].Erase(last)
	if d := p.deadlocks(); len(d) != 0 {
		t.Errorf("one wait is over: %+v", d)
	}
	p.note("1 1 want a")
	p.note("0 9 hold c")
	p.note("0 9 want c")
	if d := p.deadlocks(); len(d) != 1 || len(d[0].Waits) != 2 {
		t.Errorf("got %+v", d)
	}
	p.members[1].die(t)
	if d := p.deadlocks(); len(d) != 0 {
		t.Errorf("one is dead: %+v", d)
	}
	p.members[0].Bury(p.members[1].Me())
	if found := p.w.Check(); found != nil {
		t.Error(found)
	}
}

// More records than fit in one object: none is lost, and the sweep takes them all.
func TestManyRecords(t *testing.T) {
	const n = 3*arena.TraceRecords + 1
	p := play2(t, nil)
	before := snapshot(t, p.members[0].Arena).Arena.Objects
	for g := range n {
		p.note(fmt.Sprintf("1 %d share a", g+1))
	}
	p.note("1 5 want a")
	p.note(fmt.Sprintf("1 %d want a", n))
	if d := p.deadlocks(); len(d) != 2 {
		t.Errorf("%d deadlocks", len(d))
	}
	if s := snapshot(t, p.members[0].Arena); s.Arena.Objects != before+4 {
		t.Errorf("%d objects for %d records", s.Arena.Objects-before, n)
	}
	clean(t, p.w)
	p.members[1].die(t)
	p.members[0].Bury(p.members[1].Me())
	if s := snapshot(t, p.members[0].Arena); s.Arena.Objects != before {
		t.Errorf("%d objects left", s.Arena.Objects-before)
	}
	clean(t, p.w)
}

// A full arena: the record is missing, and its absence is told.
func TestNoRoomForARecord(t *testing.T) {
	p := play2(t, nil)
	a := p.members[0].Arena
	for size := uint64(1 << 20); size > 0; size /= 2 {
		for _, _, err := a.NewObject(arena.ObjectSpec{Kind: arena.KindRawValue, Size: size}); err == nil; {
			_, _, err = a.NewObject(arena.ObjectSpec{Kind: arena.KindRawValue, Size: size})
		}
	}
	r := p.note("0 1 hold a")
	if s := snapshot(t, a); r != nil || s.Processes[0].Untraced != 1 {
		t.Errorf("record %v, %d untraced", r, s.Processes[0].Untraced)
	}
	a.Erase(r)
	if s := snapshot(t, a); s.Processes[0].Untraced != 0 {
		t.Errorf("%d untraced", s.Processes[0].Untraced)
	}
}

// Rubbish where the records should be costs nothing but the records.
func TestRecordsAreNotTrusted(t *testing.T) {
	p := play2(t, nil)
	p.note("0 1 hold a")
	p.note("0 1 want a")
	slot := p.members[0].MySlot()
	good := slot.Trace.Load()
	for _, bad := range []uint64{1, 64, good + 64, good - 64, ^uint64(0), 1 << 40} {
		slot.Trace.Store(bad)
		if d := p.deadlocks(); len(d) != 0 {
			t.Errorf("records at %#x: %+v", bad, d)
		}
	}
	p.members[1].MySlot().Trace.Store(good) // another's
	if d := p.deadlocks(); len(d) != 0 {
		t.Errorf("another process's records: %+v", d)
	}
	slot.Trace.Store(good)
	if d := p.deadlocks(); len(d) != 1 {
		t.Errorf("got %+v", d)
	}
}

// A record counts if the first and the last look have seen it alike, with what the look between has read.
func TestLasted(t *testing.T) {
	one := func(state arena.TraceWord, g uint64) map[arena.Offset]trace {
		return map[arena.Offset]trace{64: {party: party{1, g}, state: state}}
	}
	for _, c := range []struct {
		looks [3]map[arena.Offset]trace
		want  int
	}{
		{[3]map[arena.Offset]trace{one(33, 1), one(33, 1), one(33, 1)}, 1},
		{[3]map[arena.Offset]trace{one(65, 1), one(33, 1), one(33, 1)}, 0},
		{[3]map[arena.Offset]trace{one(33, 1), one(33, 1), one(65, 1)}, 0},
		{[3]map[arena.Offset]trace{{}, one(33, 1), one(33, 1)}, 0},
		{[3]map[arena.Offset]trace{one(33, 1), one(33, 1), {}}, 0},
		{[3]map[arena.Offset]trace{one(33, 1), {}, one(33, 1)}, 0},
		{[3]map[arena.Offset]trace{one(33, 8), one(33, 1), one(33, 9)}, 1},
	} {
		if got := lasted(c.looks); len(got) != c.want || c.want > 0 && got[0].goroutine != 1 {
			t.Errorf("%v: %v", c.looks, got)
		}
	}
}
