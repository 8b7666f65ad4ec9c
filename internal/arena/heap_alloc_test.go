package arena

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/multiproc/mp/internal/redo"
	"github.com/multiproc/mp/internal/sys"
)

func reopen(a *Arena) (*os.File, error) { return sys.Reopen(a.file) }

func TestSizeClasses(t *testing.T) {
	if classSizes[Classes-1] != largestBlock || !slices.IsSorted(classSizes[:]) {
		t.Errorf("classes %v", classSizes)
	}
	for _, size := range classSizes {
		if size%64 != 0 || SpanSize/size < 2 {
			t.Errorf("class %d is not aligned, or a span holds only one", size)
		}
	}
	for _, c := range []struct{ size, want uint64 }{{0, 64}, {1, 64}, {64, 64}, {65, 128}, {385, 512}, {32768, 32768}} {
		if got := classSizes[classOf(c.size)]; got != c.want {
			t.Errorf("%d bytes go to class %d, want %d", c.size, got, c.want)
		}
	}
}

// TestHeapModel allocates and frees at random and compares with what it knows.
func TestHeapModel(t *testing.T) {
	a := testArena(t, 32<<20)
	roots := rootTable(t, a, 300)
	before := bytesOf(a)
	rng := rand.New(rand.NewPCG(1, 2))
	type chunk struct {
		size uint64
		fill byte
	}
	held := make([]chunk, len(roots))
	sizes := []uint64{1, 64, 65, 200, 384, 1000, 4096, 9000, 20000, 32768, 32769, 100000, 700000}
	for round := range 20000 {
		i := rng.IntN(len(roots))
		root, c := roots[i], &held[i]
		if *root == 0 {
			*c = chunk{sizes[rng.IntN(len(sizes))], byte(round)}
			b, err := a.alloc(c.size)
			var e *FullError
			if errors.As(err, &e) && e.Err == nil && uint64(e.Left) < c.size {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			if !allBytes(a.Bytes(b.at, c.size), 0) {
				t.Fatalf("a block of %d is not zero", c.size)
			}
			fillBytes(a.Bytes(b.at, c.size), c.fill)
			a.publish(b, root)
		} else {
			if got := a.Bytes(Offset(*root), c.size); !allBytes(got, c.fill) {
				t.Fatalf("round %d: a block of %d was written to by another", round, c.size)
			}
			a.free(root)
		}
		if round%1000 == 0 {
			sound(t, a, roots...)
		}
	}
	for _, root := range roots {
		a.free(root) // 0 is nothing to free
	}
	sound(t, a, roots...)
	if got := bytesOf(a); got != before {
		t.Errorf("%d bytes in use after all is freed, %d before", got, before)
	}
}

func fillBytes(b []byte, v byte) {
	if len(b) > 0 {
		b[0] = v
	}
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// allBytes compares b with itself, one byte on.
func allBytes(b []byte, v byte) bool {
	return len(b) == 0 || b[0] == v && string(b[1:]) == string(b[:len(b)-1])
}

// TestHeapConcurrent: goroutines of two processes at the same heap. Each checks that its blocks are its own.
func TestHeapConcurrent(t *testing.T) {
	a := testArena(t, 64<<20)
	b := relative(t, a)
	before := bytesOf(a)
	var wg sync.WaitGroup
	for i := range 8 {
		in := []*Arena{a, b}[i%2]
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(i)))
			for range 1500 {
				size := uint64(rng.IntN(3000))
				if rng.IntN(50) == 0 {
					size = uint64(rng.IntN(200000))
				}
				got, err := in.alloc(size)
				if err != nil {
					t.Error(err)
					return
				}
				mem := in.Bytes(got.at, size)
				if !allBytes(mem, 0) {
					t.Error("not zero")
				}
				fillBytes(mem, byte(i+1))
				if !allBytes(mem, byte(i+1)) {
					t.Error("shared with another")
				}
				in.discard(got)
			}
		})
	}
	wg.Wait()
	sound(t, a)
	if got := bytesOf(a); got != before {
		t.Errorf("%d bytes in use after all is freed, %d before", got, before)
	}
}

func TestHeapExhaustion(t *testing.T) {
	a := testArena(t, MinSize)
	roots := rootTable(t, a, 2000)
	for _, size := range []uint64{4096, 32768, 65536, 300000} {
		before, n := bytesOf(a), 0
		var e *FullError
		for ; ; n++ {
			b, err := a.alloc(size)
			if err != nil {
				if !errors.As(err, &e) || e.What != "bytes" || e.Asked != int64(size) || e.Left >= int64(size) {
					t.Fatalf("error %v, want a FullError", err)
				}
				break
			}
			a.publish(b, roots[n])
		}
		if room := a.Header().Spans*SpanSize - before; uint64(n)*size < room*3/4 {
			t.Errorf("full after %d of %d bytes; room is %d", n, size, room)
		}
		sound(t, a, roots...)
		a.free(roots[n/2])
		a.publish(mustAlloc(t, a, size), roots[n/2]) // what was freed can be had again
		for i := range n {
			a.free(roots[i])
		}
		sound(t, a, roots...)
		if got := bytesOf(a); got != before {
			t.Fatalf("%d bytes in use after all is freed, %d before", got, before)
		}
	}
	for _, size := range []uint64{1 << 30, 1 << 62, ^uint64(0)} {
		var e *FullError
		if _, err := a.alloc(size); !errors.As(err, &e) || e.Asked <= 0 || e.Left <= 0 || e.Left > 16<<20 {
			t.Errorf("alloc(%d) = %v", size, err)
		}
	}
	if taken := a.limbo.taken.Load(); taken != 0 {
		t.Errorf("limbo places %#x stay taken", taken)
	}
	sound(t, a, roots...)
}

// TestRunsJoin frees neighbours in every order: all must become one again.
func TestRunsJoin(t *testing.T) {
	a := testArena(t, MinSize)
	roots := rootTable(t, a, 5)
	for _, spans := range [][5]uint64{{1, 1, 1, 1, 1}, {2, 3, 2, 4, 3}, {1, 2, 1, 3, 1}, {3, 1, 3, 1, 2}} {
		for order := range 120 {
			unused := a.Heap().Unused
			for i := range roots {
				a.publish(mustAlloc(t, a, spans[i]*SpanSize-10), roots[i])
			}
			left := []int{0, 1, 2, 3, 4}
			for k := range 5 {
				n := order % (5 - k)
				order /= 5 - k
				a.free(roots[left[n]])
				left = slices.Delete(left, n, n+1)
				sound(t, a, roots...)
			}
			if h := a.Heap(); h.Unused != unused || h.Runs != 0 {
				t.Fatalf("spans %v: %d spans used after all is freed, %d before", spans, h.Unused, unused)
			}
		}
	}
}

// TestEmptySpans: of a class one span is kept when all is freed, and the others serve other classes.
func TestEmptySpans(t *testing.T) {
	a := testArena(t, MinSize)
	roots := rootTable(t, a, 8)
	unused := a.Heap().Unused
	for _, root := range roots {
		a.publish(mustAlloc(t, a, 32768), root)
	}
	if got := a.Heap().Unused - unused; got != 4 {
		t.Fatalf("8 blocks of half a span took %d spans", got)
	}
	for _, root := range roots {
		a.free(root)
	}
	sound(t, a, roots...)
	if h := a.Heap(); h.Spare[Classes-1] == 0 || h.Unused-unused != 4 && h.Unused-unused != 1 || h.Unused-unused == 4 && a.span(h.Runs-1).Count != 3 {
		t.Errorf("after freeing all: spare %d, %d spans", h.Spare[Classes-1], h.Unused-unused)
	}
	a.publish(mustAlloc(t, a, 32768), roots[0]) // from the spare, without the kernel
	if a.Heap().Spare[Classes-1] != 0 {
		t.Error("the spare span was not used")
	}
	sound(t, a, roots...)
}

// TestKernelRefuses: an error of the kernel is an error of ours, and nothing is lost.
func TestKernelRefuses(t *testing.T) {
	a := testArena(t, MinSize)
	good := a.file
	readOnly, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = readOnly.Close() }()
	mustAlloc(t, a, 64) // with it the records of the first spans have memory: what fails is the spans'
	before := bytesOf(a)
	a.file = readOnly // fallocate fails, with EBADF
	for _, size := range []uint64{100, 100000} {
		var e *FullError
		if _, err := a.alloc(size); !errors.As(err, &e) || !errors.Is(err, syscall.EBADF) || e.Asked != int64(size) {
			t.Errorf("alloc(%d) = %v, want a FullError that wraps EBADF", size, err)
		}
	}
	_, _, err = a.NewObject(ObjectSpec{Kind: KindLock, Size: 64})
	var e *FullError
	if !errors.As(err, &e) {
		t.Errorf("NewObject = %v", err)
	}
	a.file = good
	sound(t, a)
	if bytesOf(a) != before || a.limbo.taken.Load() != 1 {
		t.Errorf("%d bytes in use, %d before; limbo %#x", bytesOf(a), before, a.limbo.taken.Load())
	}
}

// TestLimboWaits: the 65th block in one process's hand waits for one of the others.
func TestLimboWaits(t *testing.T) {
	a := testArena(t, MinSize)
	var hand []block
	for range LimboSize {
		hand = append(hand, mustAlloc(t, a, 64))
	}
	got := make(chan block)
	for range 3 {
		go func() {
			b, err := a.alloc(64)
			if err != nil {
				t.Error(err)
			}
			got <- b
		}()
	}
	for a.limbo.waiting.Load() != 3 {
		// They are on their way; the test ends when they have come.
		select {
		case b := <-got:
			t.Fatalf("got %v beyond the limit", b)
		default:
		}
	}
	for i := range 3 {
		a.discard(hand[i])
		hand[i] = <-got
	}
	for _, b := range hand {
		a.discard(b)
	}
	sound(t, a)
	if bytesOf(a) != 0 {
		t.Errorf("%d bytes in use", bytesOf(a))
	}
}

// TestMisuse: what is freed wrongly is noticed, and leaves the heap as it was and the lock free.
func TestMisuse(t *testing.T) {
	a := testArena(t, MinSize)
	roots := rootTable(t, a, 2)
	a.publish(mustAlloc(t, a, 128), roots[0])
	for name, wrong := range map[string]Offset{
		"inside a block": Offset(*roots[0]) + 64,
		"never used":     Offset(*roots[0]) + 128,
		"unused span":    a.spanAt(a.Heap().Unused),
		"the tables":     heapAt,
		"beyond":         Offset(a.size),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
				*roots[1] = 0
				sound(t, a, roots...)
			}()
			*roots[1] = uint64(wrong)
			a.free(roots[1])
		}()
		a.limbo.taken.Store(0) // the panic kept the place, as the death of the process would
	}
}

func TestTransactionTooLong(t *testing.T) {
	a := testArena(t, MinSize)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	t1 := a.begin()
	for i := range uint64(redo.Size + 1) {
		t1.Set(a.entry(i), 1)
	}
}
