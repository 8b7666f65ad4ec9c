//go:build linux

package inspect

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// sizes are payloads that need blocks of each size class that an object fits in, and runs.
var sizes = []uint64{64, 128, 384, 640, 1152, 1664, 2688, 3712, 7808, 16000, 32000, 33000, 65536 - 384, 200000, 70000}

func clean(t testing.TB, w *Arena) {
	t.Helper()
	for _, f := range w.Check() {
		t.Error(f)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// TestCheckOfSoundArenas makes and drops objects of all sizes, and finds nothing whatever the order.
func TestCheckOfSoundArenas(t *testing.T) {
	a := newFamily(t, "kin", 64<<20)
	w := watch(t, a)
	clean(t, w)
	rnd := rand.New(rand.NewPCG(1, 2))
	var alive []*arena.Object
	for step := range 3000 {
		if rnd.IntN(100) < 55 || len(alive) == 0 {
			o, _, err := a.NewObject(arena.ObjectSpec{Kind: arena.KindRawValue, Name: "o", Type: "bytes", Size: sizes[rnd.IntN(len(sizes))]})
			if err == nil {
				alive = append(alive, o)
				continue
			}
		}
		i := rnd.IntN(len(alive))
		a.Drop(alive[i])
		alive = slices.Delete(alive, i, i+1)
		if step%50 == 0 {
			clean(t, w)
		}
	}
	for _, o := range alive {
		a.Drop(o)
	}
	clean(t, w)
}

// TestCheckOfBusyArena looks while others change the heap: what is half done is no finding.
func TestCheckOfBusyArena(t *testing.T) {
	a := sleepers(t, "kin")
	members := []*arena.Arena{a, relative(t, a).Arena}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, m := range members {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if o, _, err := m.NewObject(arena.ObjectSpec{Kind: arena.KindLock, Size: sizes[i%len(sizes)]}); err == nil {
					m.Drop(o)
				}
			}
		})
	}
	w := watch(t, a)
	w.pauses = pauses[:5]
	for range 20 {
		clean(t, w)
	}
	close(stop)
	all.Wait()
	clean(t, w)
}

// damage is an arena with something of everything in it.
type damage struct {
	*arena.Arena
	lock *arena.Object // in span 0, beside a freed block; held by other
	run  *arena.Object
	kin  *member
	t    *testing.T
}

func (d *damage) place(o *arena.Object) arena.Offset {
	return arena.Offset(uintptr(unsafe.Pointer(o)) - uintptr(unsafe.Pointer(d.Header())))
}

// word is a word of the memory, for breaking.
func (d *damage) word(at arena.Offset) *uint64 {
	return (*uint64)(unsafe.Pointer(unsafe.SliceData(d.Bytes(at, 8))))
}

func (d *damage) entry(i int) *uint64 { return d.word(d.Header().DirectoryAt + arena.Offset(i)*8) }

func (d *damage) span(i uint64) *arena.Span {
	return (*arena.Span)(unsafe.Pointer(d.word(d.Header().SpansAt + arena.Offset(i)*spanSize)))
}

// lockWord is the word of the lock at the beginning of an object's payload.
func (d *damage) lockWord(o *arena.Object) *uint64 { return d.word(d.place(o) + headerSize) }

// The spans: 0 blocks of 512 bytes, three of them: entries 0 (the lock), 1 (free) and 4; 1–2 a run, entry 2;
// 3–5 a free run; 6 blocks of 4096, entry 5.
func damaged(t *testing.T) *damage {
	t.Helper()
	d := &damage{Arena: kin(t, "kin"), t: t}
	d.kin = relative(t, d.Arena)
	d.lock, _ = lock(t, d.Arena, "a lock")
	freed, _ := lock(t, d.Arena, "freed")
	d.run = object(t, d.Arena, arena.ObjectSpec{Kind: arena.KindRawValue, Size: 100000})
	gap := object(t, d.Arena, arena.ObjectSpec{Kind: arena.KindRawValue, Size: 180000})
	lock(t, d.Arena, "another")
	object(t, d.Arena, arena.ObjectSpec{Kind: arena.KindRawValue, Size: 3600})
	for range 2 {
		x, err := d.Draft(300) // blocks of 384, in span 7
		if err != nil {
			t.Fatal(err)
		}
		d.Adopt(d.run, x)
	}
	d.Drop(gap)
	d.Drop(freed)
	return d
}

// damages are what one look must see, each in a sound arena.
var damages = []struct {
	name string
	harm func(*damage)
	want string
}{
	{"nothing", func(*damage) {}, ""},
	{"a dead process", func(d *damage) { d.kin.die(d.t) }, "slot 1, relative (pid PID): life: expected alive, or dead for less than a second, found dead, in state live, not swept"},
	{"a dead sweeper", func(d *damage) {
		d.Slot(1).Ended.Store(1e9)
		d.Slot(1).State.Store(uint64(arena.NewState(arena.Dead, 9, 1)))
	}, "swept by slot 9, which is dead too"},
	{"a sweep without end", func(d *damage) { d.Slot(1).State.Store(uint64(arena.NewState(arena.Dead, 0, 1))) }, "found dead since 0001-01-01T00:00:00Z, still being swept by slot 0, MainProcess"},
	{"generation 0", func(d *damage) { d.Slot(1).State.Store(uint64(arena.NewState(arena.Live, 0, 0))) }, "generation: expected 1 or more, found 0"},
	{"status", func(d *damage) { d.Slot(1).State.Store(uint64(arena.NewState(9, 0, 1))) }, "state: expected free, starting, live, dead or exited, found 9"},
	{"state bits", func(d *damage) { d.Slot(1).State.Or(1 << 40) }, "zeros above bit 36"},
	{"top", func(d *damage) { d.Header().Top.Store(1) }, "expected 0, as only slots below 1 were claimed, found 0x40002"},
	{"name", func(d *damage) { d.Slot(1).Name[0].Store(0xFF) }, `name: expected UTF-8, found "\xff"`},
	{"name's rest", func(d *damage) { d.Slot(1).Name[7].Store(0x41) }, "name: expected zeros behind it"},
	{"pid", func(d *damage) { d.Slot(1).PID.Store(0) }, "pid: expected one, as the process is live, found 0"},
	{"parent", func(d *damage) { d.Slot(1).Parent.Store(5<<10 | 1) }, "parent: expected a process that is or was, found id 5121"},
	{"limbo of a free slot", func(d *damage) { d.Slot(7).State.Store(0); d.Slot(7).Limbo[3] = 0x40; d.Header().Top.Store(9) }, "slot 7: block in hand 3: expected none, as the slot is free, found 0x40"},
	{"records of a free slot", func(d *damage) { d.Slot(7).State.Store(0); d.Slot(7).Trace.Store(0x40); d.Header().Top.Store(9) }, "slot 7: trace records: expected none, as the slot is free, found some at 0x40"},
	{"limbo nowhere", func(d *damage) { d.Slot(0).Limbo[3] = 0x40 }, "place 3 of slot 0: block: expected one of the heap, found 0x40"},
	{"limbo of another's", func(d *damage) { d.Slot(0).Limbo[3] = uint64(d.place(d.lock)) }, "place: expected one, found"},
	{"limbo of an object that is none", func(d *damage) { d.Slot(0).Limbo[3] = uint64(d.Header().BlocksAt) + 4*arena.SpanSize | 1 }, "in a free run"},
	{"extent nowhere", func(d *damage) { d.run.Extents = 0x40 }, "an extent of directory entry 2: block: expected one of the heap, found 0x40"},
	{"extent lost", func(d *damage) { d.run.Extents = 0 }, "of 384 bytes"},
	{"extent linked back", func(d *damage) { *d.word(arena.Offset(d.run.Extents) + 8) = 64 }, "link back: expected to 0x0, found to 0x40"},
	{"extents in a circle", func(d *damage) { *d.word(arena.Offset(*d.word(arena.Offset(d.run.Extents)))) = d.run.Extents }, "link back"},
	{"run leaving a living object", func(d *damage) { d.run.Leaving = d.run.Extents }, "run that leaves: expected none, as the object is in use"},
	{"limbo of a free block", func(d *damage) { d.Slot(0).Limbo[3] = uint64(d.place(d.lock)) + 512 }, "which is free"},
	{"limbo inside", func(d *damage) { d.Slot(0).Limbo[3] = uint64(d.place(d.run)) + 64 }, "inside a run"},
	{"limbo in a free run", func(d *damage) { d.Slot(0).Limbo[3] = uint64(d.Header().BlocksAt) + 4*arena.SpanSize }, "in a free run"},
	{"mask", func(d *damage) { d.Board().Masks[17].Bits[2].Store(4) }, "board, mask 17: sleepers: expected none of a free slot, found slot 130"},
	{"bell of nobody", func(d *damage) { d.Board().Bells[30].Waits[2].Word.Store(0x1000) }, "board, slot 30: sleeping thread: expected none, as the slot is free, found one on 0x1000"},
	{"others of nobody", func(d *damage) { d.Board().Bells[30].Others.Store(2) }, "board, slot 30: sleepers without a thread: expected 0, as the slot is free, found 2"},
	{"bell on nothing", func(d *damage) { d.Board().Bells[0].Waits[2].Word.Store(arena.MinSize) }, "board, slot 0: sleeping thread: expected on a word of the arena, found on 0x1000000"},
	{"lock of nobody", func(d *damage) { *d.lockWord(d.lock) = uint64(prim.Holder(arena.ID(1, 7), true)) }, `object 0.1 "a lock": lock: expected held by a process, found held by id 7169, which is none; slot 1, relative`},
	{"lock of a free slot", func(d *damage) { *d.lockWord(d.lock) = uint64(prim.Holder(arena.ID(99, 1), true)) }, "which is none; slot 99"},
	{"lock abandoned by nobody", func(d *damage) { *d.lockWord(d.lock) = uint64(prim.Holder(arena.ID(1, 7), true) | 2) }, "lock: expected abandoned by a process that was, found abandoned by id 7169"},
	{"lock abandoned by id 0", func(d *damage) { *d.lockWord(d.lock) = 2 }, "lock: expected a holder, as it is abandoned, found none"},
	{"token beside a free lock", func(d *damage) { rlocked(d, 7<<32, 0) }, "token: expected none, as nobody holds it, found 7"},
	{"levels beside an abandoned lock", func(d *damage) { rlocked(d, uint64(prim.Holder(d.kin.Me(), true)|2), 2) }, "levels: expected none, as nobody holds it, found 2 more than one"},
	{"rlock of nobody", func(d *damage) { rlocked(d, 7<<32|uint64(prim.Holder(arena.ID(1, 7), true)), 0) }, "lock: expected held by a process, found held by id 7169"},
	{"heap lock kept", func(d *damage) { d.Heap().Lock.TryLock(prim.Holder(d.Me(), false)) }, "heap lock: lock: expected free now and then, found held all the time by MainProcess"},
	{"heap lock of nobody", func(d *damage) { d.Heap().Lock.TryLock(prim.Holder(arena.ID(1, 7), false)) }, "heap lock: lock: expected held by a process, found held by id 7169"},
	{"heap lock abandoned", func(d *damage) { d.Heap().Lock.TryLock(prim.Holder(d.Me(), false) | 2) }, "heap lock: lock: expected never abandoned"},
	{"transaction", func(d *damage) { d.Heap().Redo.N.Store(17) }, "heap: open transaction: expected none, as the lock is free, found one of 17 words"},
	{"header's handle", func(d *damage) { d.lock.Generation++ }, "object 0.1: header: expected its own handle, found 0.2"},
	{"kind", func(d *damage) { d.lock.Kind = 99 }, "kind: expected one of layout version 1, found Kind(99)"},
	{"size", func(d *damage) { d.lock.Size = 513 }, "size: expected 64 to 128 bytes, found 513 bytes"},
	{"no size", func(d *damage) { d.run.Size = 0 }, "size: expected 1 to 130688 bytes, found 0 bytes"},
	{"object's name", func(d *damage) { d.lock.Name[0] = 0xFF }, "name: expected UTF-8"},
	{"object's type", func(d *damage) { d.lock.Type[0] = 0xFF }, "type: expected UTF-8"},
	{"creator", func(d *damage) { d.lock.Creator = 0 }, "creator: expected a process that is or was, found id 0"},
	{"no holder", func(d *damage) { d.lock.Holders[0].Store(0) }, "holders: expected one at least, found none"},
	{"holder", func(d *damage) { d.lock.Holders[15].Store(1) }, "holders: expected processes, found slot 960, which is free"},
	{"entry's place", func(d *damage) { *d.entry(0) = 1<<40 | 3 }, "directory entry 0: object: expected in the heap, found at 0xc0"},
	{"entry's generation", func(d *damage) { *d.entry(0) &= 1<<40 - 1 }, "directory entry 0: generation: expected 1 or more, as it was used, found 0"},
	{"objects", func(d *damage) { d.Heap().Objects++ }, "heap: objects: expected 4, found 5"},
	{"fresh", func(d *damage) { d.Heap().Fresh = 1 << 60 }, "directory: entries used: expected at most 1048576"},
	{"free entries", func(d *damage) { d.Heap().Free = 1 }, "directory: free list: expected each free entry once, found entry 0, used or a second time"},
	{"free entry unknown", func(d *damage) { d.Heap().Free = 1 << 30 }, "directory: free list: expected entries that were used, found entry 1073741823"},
	{"free entry lost", func(d *damage) { d.Heap().Free = 0 }, "directory: free list: expected 2 entries, found 0"},
	{"bytes", func(d *damage) { d.Heap().Bytes += 64 }, "heap: bytes in use: expected 136960, found 137024"},
	{"unused", func(d *damage) { d.Heap().Unused = 1 << 50 }, "heap: spans used: expected at most"},
	{"unused, less", func(d *damage) { d.Heap().Unused = 6 }, "heap: spans used: expected to end with one in use, found a free run at their end"},
	{"unused record", func(d *damage) { d.span(20).Next = 1 }, "span 20: record: expected zeros, as it is inside a run or unused, found nothing, count 0"},
	{"span's kind", func(d *damage) { d.span(0).What = 77 }, "span 0: kind: expected a run or blocks, found kind 77"},
	{"span's class", func(d *damage) { d.span(0).What = 4 | 14<<8 }, "span 0: size class: expected below 14, found 14"},
	{"used", func(d *damage) { d.span(0).Count += 9 << 32 }, "span 0: blocks: expected used ≤ fresh ≤ 128, found 11 used, 3 fresh"},
	{"lost block", func(d *damage) { d.span(0).Count += 1<<32 | 1<<16 }, "span 0: blocks of 512 bytes: expected 2 in use, as many have a place, found 3 in use"},
	{"free list short", func(d *damage) { d.span(0).Count &^= 0xFFFF }, "span 0: free list: expected 1 blocks, found 0"},
	{"free list beyond", func(d *damage) { *d.word(d.place(d.lock) + 512) = 99 }, "span 0: free list: expected blocks below 3, found block 98"},
	{"free list round", func(d *damage) { *d.word(d.place(d.lock) + 512) = 2 }, "span 0: free list: expected each block once, found block 1 a second time"},
	{"free block in use", func(d *damage) {
		d.span(0).Count = d.span(0).Count&^0xFFFF | 1
		*d.lockWord(d.lock) = 0
		*d.word(d.place(d.lock)) = 0
	}, "which is free"},
	{"run's length", func(d *damage) { d.span(1).Count = 99 }, "span 1: length: expected 1 to 7 spans, found 99"},
	{"run's inside", func(d *damage) { d.span(2).What = 3 }, "span 2: record: expected zeros, as it is inside a run or unused, found a run in use"},
	{"run's links", func(d *damage) { d.span(1).Next = 3 }, "span 1: list: expected none, as it is in use, found links to 0 and 3"},
	{"run's class", func(d *damage) { d.span(1).What |= 1 << 8 }, "span 1: size class: expected none, as it is a run, found 1"},
	{"lost run", func(d *damage) { *d.entry(2) = 1<<40 | 1<<39 }, "span 1: place: expected one, as the run is in use, found none: it is lost"},
	{"free run's end", func(d *damage) { d.span(5).Count = 2 }, "span 5: record: expected the end of a free run of 3, found the end of a free run, count 2"},
	{"free runs touch", func(d *damage) {
		*d.span(3) = arena.Span{What: 1, Count: 1}
		*d.span(4) = arena.Span{What: 1, Count: 2, Next: 4}
	}, "span 4: free run: expected joined with the one before, found two that touch"},
	{"free run in no list", func(d *damage) { d.Heap().Runs = 0 }, "span 3: list: expected list of free runs, found not in it"},
	{"list of others", func(d *damage) { d.Heap().Runs = 2 }, "list of free runs: member: expected spans that belong there, each once, found span 1"},
	{"list's link back", func(d *damage) { d.span(0).Prev = 7 }, "span 0: link back: expected 0, found 7"},
	{"list round", func(d *damage) { d.span(3).Next = 4 }, "list of free runs: member: expected spans that belong there, each once, found span 3"},
	{"spare's link", func(d *damage) {
		o := object(d.t, d.Arena, arena.ObjectSpec{Kind: arena.KindRawValue, Size: 2000})
		d.Drop(o)
		d.span(5).Next = 9
	}, "span 5: link: expected none, as there is one spare span, found 9"},
	{"list of another size", func(d *damage) { d.Heap().Partial[3], d.Heap().Partial[4] = d.Heap().Partial[4], 0 }, "list of spans with free blocks of 384 bytes: member: expected spans that belong there, each once, found span 0"},
}

func TestCheckFinds(t *testing.T) {
	for _, c := range damages {
		t.Run(c.name, func(t *testing.T) {
			d := damaged(t)
			w := watch(t, d.Arena)
			clean(t, w)
			c.harm(d)
			found := w.Check()
			want := strings.ReplaceAll(c.want, "PID", fmt.Sprint(d.Slot(1).PID.Load()))
			if c.want == "" && found == nil {
				return
			}
			if c.want == "" || !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), want) }) {
				t.Errorf("got  %v\nwant %s", found, want)
			}
		})
	}
}

// TestLasting: what every look finds is a finding, and once there is none no one looks again.
func TestLasting(t *testing.T) {
	bytes, torn, other := Finding{Where: "heap"}, Finding{Where: "span 1"}, Finding{Where: "span 2"}
	for _, c := range []struct{ looks, want []Finding }{
		{nil, nil},
		{[]Finding{torn, other}, nil}, // one at each look
		{[]Finding{bytes, bytes, bytes, bytes}, []Finding{bytes}},
		{[]Finding{bytes, bytes, bytes, torn}, nil},
	} {
		n := 0
		got := lasting(func() []Finding {
			if n++; n > len(c.looks) {
				return nil
			}
			return []Finding{c.looks[n-1]}
		}, make([]time.Duration, 3))
		if !slices.Equal(got, c.want) || n != max(1, len(c.looks)) {
			t.Errorf("of %v there lasts %v after %d looks", c.looks, got, n)
		}
	}
	var all time.Duration
	for _, p := range pauses {
		all += p
	}
	if all < time.Second { // as long as the family may take to sweep its dead
		t.Errorf("the looks of Check are spread over %v", all)
	}
}

// TestGarbage: whatever the memory says, looking at it ends, and does not panic.
func TestGarbage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for round := range 30 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			d := damaged(t)
			w := watch(t, d.Arena)
			for _, part := range []struct {
				at arena.Offset
				n  uint64
			}{
				{d.Header().TableAt, 4096}, {d.Header().BoardAt, 64 << 10}, {d.Header().HeapAt, uint64(unsafe.Sizeof(arena.Heap{}))},
				{d.Header().DirectoryAt, 64}, {d.Header().SpansAt, 7 * uint64(spanSize)}, {d.Header().BlocksAt, 2048},
			} {
				scramble(rnd, d.Bytes(part.at, part.n), rnd.IntN(4))
			}
			if rnd.IntN(2) == 0 {
				*d.word(d.Header().HeapAt) = 0 // the lock is free, so that the walk begins
			}
			if _, err := w.Snapshot(); err != nil {
				t.Error(err)
			}
			if _, err := w.Deadlocks(); err != nil {
				t.Error(err)
			}
			if len(w.Check()) > manyFindings {
				t.Error("findings without end")
			}
			*d.word(d.Header().HeapAt) = 0
		})
	}
}

// scramble writes nonsense: nothing, some words that could be numbers, some words, or all bytes.
func scramble(rnd *rand.Rand, b []byte, how int) {
	for at := 0; at+8 <= len(b); at += 8 {
		switch {
		case how == 0:
		case how == 1 && rnd.IntN(8) == 0:
			binary.LittleEndian.PutUint64(b[at:], rnd.Uint64N(200))
		case how == 2 && rnd.IntN(16) == 0, how == 3:
			binary.LittleEndian.PutUint64(b[at:], rnd.Uint64())
		}
	}
}

func BenchmarkLook(b *testing.B) {
	for _, objects := range []int{1, 1000, 20000} {
		a := newFamily(b, "kin", 64<<20)
		for range objects {
			lock(b, a, "l")
		}
		w := watch(b, a)
		b.Run(fmt.Sprintf("Snapshot/%d", objects), func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Snapshot(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Check/%d", objects), func(b *testing.B) {
			for b.Loop() {
				clean(b, w)
			}
		})
	}
}
