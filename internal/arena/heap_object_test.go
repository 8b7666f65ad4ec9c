package arena

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func mustObject(t testing.TB, a *Arena, spec ObjectSpec) (*Object, Handle) {
	t.Helper()
	o, h, err := a.NewObject(spec)
	if err != nil {
		t.Fatal(err)
	}
	return o, h
}

func TestObjectLife(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	o, h := mustObject(t, a, ObjectSpec{
		Kind: KindValue, Fingerprint: 7, Name: "counter", Type: "int64", Size: 8,
		Init: func(o *Object) { *PayloadOf[uint64](o) = 42 },
	})
	if o.Named() != "counter" || o.TypeName() != "int64" || o.Handle() != h || o.Creator != a.id || o.Created == 0 || o.Size != 8 {
		t.Errorf("header %+v", o)
	}
	seen, err := b.Open(h, KindValue, 7, "int64")
	if err != nil || *PayloadOf[uint64](seen) != 42 {
		t.Fatalf("opened %v, %v", seen, err)
	}
	if again, err := b.Open(h, KindValue, 7, "int64"); again != seen || err != nil {
		t.Errorf("opened twice: %v", err)
	}
	sound(t, a)
	a.Drop(o)
	if *PayloadOf[uint64](seen) != 42 || a.Used().Objects != 1 {
		t.Error("gone with one of two holders")
	}
	b.Drop(seen)
	sound(t, a)
	if got := a.Used(); got.Bytes != 0 || got.Objects != 0 || got.Processes != 2 || got.Capacity == 0 {
		t.Errorf("after the last drop: %+v", got)
	}
	var stale *StaleError
	if _, err := a.Open(h, KindValue, 7, "int64"); !errors.As(err, &stale) || stale.Index != h.Index || stale.Generation != h.Generation {
		t.Errorf("opening a dropped object: %v", err)
	}
	_, next := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	if next.Index != h.Index || next.Generation == h.Generation {
		t.Errorf("the next object has handle %v after %v", next, h)
	}
	if _, err := a.Open(h, KindLock, 0, ""); !errors.As(err, &stale) {
		t.Errorf("opening a dropped object whose place is taken: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	a := testArena(t, MinSize)
	_, h := mustObject(t, a, ObjectSpec{Kind: KindValue, Fingerprint: 7, Name: "n", Type: "int64", Size: 8})
	for _, c := range []struct {
		kind        Kind
		fingerprint uint64
		typ, want   string
	}{
		{KindValue, 8, "main.Point", `mp: shared object "n" is a Value[int64], not a Value[main.Point]`},
		{KindRawValue, 7, "int64", `mp: shared object "n" is a Value[int64], not a RawValue[int64]`},
		{KindLock, 0, "", `mp: shared object "n" is a Value[int64], not a Lock`},
		{Kind(99), 7, "int64", `mp: shared object "n" is a Value[int64], not a Kind(99)`},
		{KindValue, 8, "int64", `mp: shared object "n" is a Value[int64] whose type has the same name and another layout`},
	} {
		_, err := a.Open(h, c.kind, c.fingerprint, c.typ)
		var e *TypeError
		if !errors.As(err, &e) || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	for _, h := range []Handle{{}, {Index: 0, Generation: 2}, {Index: 1, Generation: 1}, {Index: MaxObjects, Generation: 1}, {Index: ^uint32(0), Generation: ^uint32(0)}} {
		var e *StaleError
		if _, err := a.Open(h, KindValue, 7, "int64"); !errors.As(err, &e) {
			t.Errorf("Open(%v) = %v, want a StaleError", h, err)
		}
	}
}

func TestNamesAreCutAtRunes(t *testing.T) {
	a := testArena(t, MinSize)
	long := strings.Repeat("é", 60)
	o, _ := mustObject(t, a, ObjectSpec{Kind: KindValue, Name: "x" + long, Type: long, Size: 1})
	for _, got := range []string{o.Named(), o.TypeName()} {
		if !utf8.ValidString(got) || len(got) < 39 {
			t.Errorf("kept %q", got)
		}
	}
}

func TestDropTwice(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	o, h := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	if _, err := b.Open(h, KindLock, 0, ""); err != nil {
		t.Fatal(err)
	}
	a.Drop(o)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
		sound(t, a)
		if a.limbo.taken.Load() != 0 {
			t.Error("a limbo place stays taken")
		}
	}()
	a.Drop(o)
}

// TestInitPanics: the object never was.
func TestInitPanics(t *testing.T) {
	a := testArena(t, MinSize)
	func() {
		defer func() { _ = recover() }()
		_, _, _ = a.NewObject(ObjectSpec{Kind: KindValue, Size: 100000, Init: func(*Object) { panic("no") }})
	}()
	sound(t, a)
	if bytesOf(a) != 0 || a.limbo.taken.Load() != 0 {
		t.Errorf("%d bytes in use", bytesOf(a))
	}
	var full *FullError
	for _, size := range []uint64{1 << 30, ^uint64(0), ^uint64(0) - headerSize} {
		if _, _, err := a.NewObject(ObjectSpec{Kind: KindValue, Size: size}); !errors.As(err, &full) {
			t.Errorf("NewObject of %d bytes: %v", size, err)
		}
	}
}

// TestDirectoryFull: the error names objects, and what is dropped can be made again.
func TestDirectoryFull(t *testing.T) {
	a := testArena(t, MinSize)
	a.Heap().Fresh = MaxObjects - 2 // as if the others had been dropped and were held by nobody
	var made []*Object
	for range 2 {
		o, _ := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
		made = append(made, o)
	}
	var e *FullError
	if _, _, err := a.NewObject(ObjectSpec{Kind: KindLock, Size: 64}); !errors.As(err, &e) || e.What != "objects" {
		t.Errorf("NewObject in a full directory: %v", err)
	}
	last := made[1].Handle()
	a.Drop(made[1])
	if o, h := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64}); h.Index != last.Index || h.Generation != last.Generation+1 || o.Handle() != h {
		t.Errorf("made %v after %v was dropped", h, last)
	}
	if a.limbo.taken.Load() != 0 {
		t.Error("a limbo place stays taken")
	}
}

func TestGenerationsSkipZero(t *testing.T) {
	a := testArena(t, MinSize)
	o, h := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	// As if the entry had been used 16 million times.
	o.Generation = 1<<24 - 1
	*a.entry(uint64(h.Index)) |= uint64(o.Generation) << entryShift
	a.Drop(o)
	sound(t, a)
	if _, h := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64}); h.Generation != 1 {
		t.Errorf("generation %d after the last", h.Generation)
	}
}

// TestEachObjectWhileTheyGo walks while others make and drop: it sees what stays, and does not fall over.
func TestEachObjectWhileTheyGo(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	stays := map[Handle]bool{}
	for range 10 {
		_, h := mustObject(t, b, ObjectSpec{Kind: KindLock, Size: 64})
		stays[h] = true
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		for i := range 3000 {
			o, _, err := a.NewObject(ObjectSpec{Kind: KindValue, Size: uint64(i % 5 * 20000)})
			if err != nil {
				t.Error(err)
				return
			}
			a.Drop(o)
		}
	}()
	for going := true; going; {
		select {
		case <-done:
			going = false
		default:
		}
		seen := 0
		b.eachHeld(oneSlot(b.slot), func(o *Object) {
			if !stays[o.Handle()] {
				t.Errorf("%v is held by nobody else", o.Handle())
			}
			seen++
		})
		if seen != len(stays) {
			t.Fatalf("saw %d of %d", seen, len(stays))
		}
	}
	sound(t, a)
}
