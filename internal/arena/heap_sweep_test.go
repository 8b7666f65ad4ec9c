package arena

import (
	"sync"
	"testing"
)

// TestTransactionOfTheDead: killed before the commit nothing has happened, killed after it everything has,
// however much was stored. The sweep may run again at any point.
func TestTransactionOfTheDead(t *testing.T) {
	for _, c := range []struct {
		name   string
		commit bool
		stored int
		want   [3]uint64
	}{
		{"written", false, 0, [3]uint64{1, 2, 3}},
		{"committed", true, 0, [3]uint64{11, 2, 13}},
		{"stored in part", true, 1, [3]uint64{11, 2, 13}},
		{"stored", true, 2, [3]uint64{11, 2, 13}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := testArena(t, MinSize)
			b := relative(t, a)
			words := rootTable(t, a, 3)
			*words[0], *words[1], *words[2] = 1, 2, 3
			theirs := make([]*uint64, len(words))
			for i, w := range words {
				theirs[i] = at[uint64](b, a.offset(w))
			}
			b.lock()
			tx := b.begin()
			tx.Set(theirs[0], 9)
			tx.Set(theirs[1], 2) // what it is already
			tx.Set(theirs[2], 13)
			tx.Set(theirs[0], 11)
			if tx.Get(theirs[0]) != 11 || tx.Get(theirs[1]) != 2 || *words[0] != 1 {
				t.Fatalf("the transaction sees %d", tx.Get(theirs[0]))
			}
			record := &b.Heap().Redo
			if c.commit {
				record.N.Store(2)
			}
			for i := range c.stored {
				w := record.Words[i]
				*at[uint64](b, Offset(w.At)) = w.Value
			}
			end(t, b)
			for range 2 {
				a.freeHeap(b.id)
				a.sweepLimbo(b.slot)
				if got := [3]uint64{*words[0], *words[1], *words[2]}; got != c.want {
					t.Errorf("words %v, want %v", got, c.want)
				}
			}
			if holder, _ := a.Heap().Lock.HeldBy(); holder != 0 || a.Heap().Redo.N.Load() != 0 {
				t.Errorf("held by %d", holder)
			}
		})
	}
}

// TestSweepWakesWaiters: a goroutine that waits for the heap lock of a dead process gets it.
func TestSweepWakesWaiters(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	b.lock()
	end(t, b)
	got := make(chan struct{})
	go func() {
		a.discard(mustAlloc(t, a, 64))
		close(got)
	}()
	if !a.look(b.slot, false) {
		t.Fatal("not found dead")
	}
	<-got
	sound(t, a)
}

func TestSweepFreesLimbo(t *testing.T) {
	a := testArena(t, MinSize)
	roots := rootTable(t, a, 2)
	a.publish(mustAlloc(t, a, 32768), roots[0])
	before := bytesOf(a)
	b := relative(t, a)
	for _, size := range []uint64{64, 32768, 32768, 32768, 32768, 32768, 500000} {
		block := mustAlloc(t, b, size)
		fillBytes(b.Bytes(block.at, size), 0xEE)
	}
	if _, err := b.takeRun(1, 64, b.place(b.limbo.take())); err != nil { // killed on the way to a span of blocks
		t.Fatal(err)
	}
	end(t, b)
	sound(t, a, roots...)
	for range 2 {
		a.freeHeap(b.id)
		a.sweepLimbo(b.slot)
		sound(t, a, roots...)
		if got := bytesOf(a); got != before {
			t.Fatalf("%d bytes in use, %d before", got, before)
		}
	}
}

func TestSweepDropsObjects(t *testing.T) {
	a := testArena(t, 32<<20)
	b, c := relative(t, a), relative(t, a)
	var shared []Handle
	for i := range 120 {
		o, h := mustObject(t, b, ObjectSpec{Kind: KindRawValue, Size: uint64(i * 700)})
		switch {
		case i%5 == 0:
			shared = append(shared, h)
			if _, err := c.Open(h, KindRawValue, 0, ""); err != nil {
				t.Fatal(err)
			}
		case i%5 == 1:
			b.Drop(o)
		}
	}
	end(t, b)
	if !a.look(b.slot, false) {
		t.Fatal("not found dead")
	}
	sound(t, a)
	if got := a.Used().Objects; got != uint64(len(shared)) {
		t.Errorf("%d objects, %d have a living holder", got, len(shared))
	}
	end(t, c)
	a.Bury(c.id)
	sound(t, a)
	if got := a.Used(); got.Bytes != 0 || got.Objects != 0 || got.Processes != 1 {
		t.Errorf("after the last holder's death: %+v", got)
	}
}

// TestSweepOfTwo: the heap lock's holder is dead too, and nobody else is there to sweep it.
func TestSweepOfTwo(t *testing.T) {
	a := testArena(t, MinSize)
	b, c := relative(t, a), relative(t, a)
	mustAlloc(t, b, 100)
	_, h := mustObject(t, b, ObjectSpec{Kind: KindLock, Size: 64})
	word := rootTable(t, c, 1)[0]
	if _, err := a.Open(Handle{Index: h.Index + 1, Generation: 1}, KindRawValue, 0, ""); err != nil {
		t.Fatal(err)
	}
	c.lock()
	tx := c.begin()
	tx.Set(word, 5)
	c.Heap().Redo.N.Store(1)
	end(t, b)
	end(t, c)
	a.look(b.slot, false)
	if *word != 5 {
		t.Error("the transaction was not ended")
	}
	*word = 0
	sound(t, a)
	if got := a.Used(); got.Processes != 1 || got.Objects != 1 {
		t.Errorf("after sweeping one: %+v", got)
	}
}

// TestHolderDiesWhileSweepWaits: as above, but the holder lives when the sweep begins to wait.
func TestHolderDiesWhileSweepWaits(t *testing.T) {
	a := testArena(t, MinSize)
	b, c := relative(t, a), relative(t, a)
	mustAlloc(t, b, 100)
	c.lock()
	end(t, b)
	var wg sync.WaitGroup
	wg.Go(func() { a.look(b.slot, false) })
	for !a.Heap().Lock.Waited() {
		continue
	}
	end(t, c)
	wg.Wait()
	sound(t, a)
	if got := a.Used(); got.Processes != 1 || got.Bytes != 0 {
		t.Errorf("after both: %+v", got)
	}
}

func BenchmarkAllocFree64(b *testing.B) {
	a := testArena(b, MinSize)
	mustAlloc(b, a, 64) // so that the span never becomes empty
	b.ReportAllocs()
	for b.Loop() {
		got, err := a.alloc(64)
		if err != nil {
			b.Fatal(err)
		}
		a.discard(got)
	}
}

func BenchmarkAllocFree1MiB(b *testing.B) {
	a := testArena(b, 64<<20)
	b.ReportAllocs()
	for b.Loop() {
		got, err := a.alloc(1 << 20)
		if err != nil {
			b.Fatal(err)
		}
		a.discard(got)
	}
}

func BenchmarkNewObjectDrop(b *testing.B) {
	a := testArena(b, MinSize)
	b.ReportAllocs()
	for b.Loop() {
		o, _, err := a.NewObject(ObjectSpec{Kind: KindLock, Size: 64})
		if err != nil {
			b.Fatal(err)
		}
		a.Drop(o)
	}
}

// BenchmarkTx3 is the lock, a transaction of three words, and the unlock.
func BenchmarkTx3(b *testing.B) {
	a := testArena(b, MinSize)
	words := rootTable(b, a, 3)
	n := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		a.lock()
		t := a.begin()
		t.Set(words[0], n)
		t.Set(words[1], n)
		t.Set(words[2], n)
		t.Commit()
		a.unlock()
		n++
	}
}

func BenchmarkEachObject(b *testing.B) {
	a := testArena(b, 64<<20)
	for range 10000 {
		mustObject(b, a, ObjectSpec{Kind: KindLock, Size: 64})
	}
	for b.Loop() {
		a.eachObject(func(*Object) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10000, "ns/object")
}
