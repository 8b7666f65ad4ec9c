package arena

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// resident is how much memory the kernel has given to the arena, in bytes.
func resident(t *testing.T, a *Arena) int64 {
	t.Helper()
	st, err := a.file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return st.Sys().(*syscall.Stat_t).Blocks * 512
}

func TestSparse(t *testing.T) {
	const size = 32 << 30 // half the arena, and more memory than most machines have
	a := testArena(t, 0)
	mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	sound(t, a) // and now all records of spans have memory, as they were looked at
	memory, before := resident(t, a), bytesOf(a)
	for round := range 3 {
		o, _ := mustObject(t, a, ObjectSpec{Kind: KindRawArray, Flags: FlagSparse, Size: size, Reserve: 64})
		if got, want := bytesOf(a)-before, spansFor(headerSize+size)*SpanSize; got != want {
			t.Errorf("%d bytes are counted as handed out, want the address space, %d", got, want)
		}
		b := PayloadBytes(o, 0, size)
		for _, at := range []uint64{64, size / 2, size - 1} {
			if b[at] != 0 {
				t.Fatalf("round %d: byte %d is %d before it was written", round, at, b[at])
			}
			b[at] = 0xA5
		}
		if grown := resident(t, a) - memory; grown < 3*PageSize || grown > 1<<20 {
			t.Errorf("three touched bytes took %d bytes", grown)
		}
		sound(t, a)
		a.Drop(o)
		sound(t, a)
		if bytesOf(a) != before {
			t.Errorf("%d bytes in use after the drop, %d before", bytesOf(a), before)
		}
		if grown := resident(t, a) - memory; grown > 1<<16 {
			t.Errorf("%d bytes of memory were not given back", grown)
		}
	}
}

// TestSparseBeginning: what is to have memory has it, and the rest has none.
func TestSparseBeginning(t *testing.T) {
	a := testArena(t, MinSize)
	mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	before := resident(t, a)
	mustObject(t, a, ObjectSpec{Kind: KindRawArray, Flags: FlagSparse, Size: 1 << 20, Reserve: 128 << 10})
	if grown := resident(t, a) - before; grown < 128<<10 || grown > 192<<10 {
		t.Errorf("an object that reserves 128 KiB got %d bytes", grown)
	}
}

func TestSparseRefused(t *testing.T) {
	a := testArena(t, MinSize)
	mustAlloc(t, a, 64)
	before := bytesOf(a)
	refused := func(size uint64, want error) {
		t.Helper()
		_, _, err := a.NewObject(ObjectSpec{Kind: KindRawArray, Flags: FlagSparse, Size: size})
		e, ok := errors.AsType[*FullError](err)
		if !ok || e.Asked < int64(min(size, 1<<63-1)) || want == nil && (e.Left <= 0 || e.Left > MinSize) || want != nil && !errors.Is(err, want) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if bytesOf(a) != before || a.limbo.taken.Load() != 1 {
			t.Errorf("%d bytes in use, %d before; limbo %#x", bytesOf(a), before, a.limbo.taken.Load())
		}
	}
	for _, size := range []uint64{MinSize - headerSize, MinSize, 1 << 40, 1<<64 - 1} {
		refused(size, nil)
	}
	good := a.file
	readOnly, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = readOnly.Close() }()
	a.file = readOnly
	refused(1<<20, syscall.EBADF)
	a.file = good
	sound(t, a)
}

// TestSparseSwept: who dies with a sparse object takes it along, wherever in its making it was.
func TestSparseSwept(t *testing.T) {
	a := testArena(t, 0)
	mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	before := bytesOf(a)
	b := relative(t, a)
	mustObject(t, b, ObjectSpec{Kind: KindRawArray, Flags: FlagSparse, Size: 8 << 30})
	if _, err := b.allocSparse(8<<30, 0); err != nil { // in its hand
		t.Fatal(err)
	}
	end(t, b)
	a.Bury(b.Me())
	sound(t, a)
	if bytesOf(a) != before {
		t.Errorf("%d bytes in use, %d before", bytesOf(a), before)
	}
}
