package ring

import (
	"errors"
	"sync"
	"testing"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// process is the user of one more process, which shares all that lies in memory with the first.
func process(t *testing.T, r *Ring, u *User, id uint32, lives func(uint32) bool) *User {
	t.Helper()
	s := u.Surroundings
	s.ID, s.Knows, s.Lives = id, lives, lives
	other, err := r.NewUser(s)
	expect(t, err, nil)
	return other
}

func (u *User) blocks() *heapStore { return u.Store.(*heapStore) }

// Messages of many times the ring go through it, one at a time, all in one block.
func TestLargeMessages(t *testing.T) {
	r, u := newRing(256, 0)
	for i := range uint64(50) {
		msg := numbered(i, 5000)
		mustPut(t, r, u, msg)
		expect(t, r.TryPut(u, numbered(0, 100)), refusal.ErrFull)
		mustTake(t, r, u, msg)
	}
	if made := u.blocks().made; made != 1 {
		t.Errorf("%d blocks for one message at a time", made)
	}
	r.Shutdown(u, false)
	if n := u.blocks().left(); n != 0 {
		t.Errorf("%d blocks are left of a ring that is shut", n)
	}
}

// What waits in blocks and what waits in the ring is together no more than the ring's size, or one message.
func TestBlocksAreBounded(t *testing.T) {
	for size := range 400 {
		r, u := newRing(1024, 0)
		sum := 0
		for i := 0; ; i++ {
			n := 8
			if i%2 == 0 {
				n = u.Largest() + 1 + size
			}
			if err := r.TryPut(u, numbered(uint64(i), n)); err != nil {
				expect(t, err, refusal.ErrFull)
				break
			}
			sum += n
		}
		if sum > 1024 || sum+2*(u.Largest()+1+size) < 1024 {
			t.Fatalf("messages of %d: %d bytes wait in a ring of 1024", u.Largest()+1+size, sum)
		}
	}
}

// Wherever Tail stands, a large message has room in an empty ring, and leaves all of it behind.
func TestLargeEverywhere(t *testing.T) {
	for at := range 64 {
		for _, n := range []int{9, 57, 100, 247, 248, 249, 255, 256, 257, 10000} {
			r, u := newRing(256, 0)
			start := past(0, wordsMask-32+uint64(at), countMask)
			r.Tail.v.Store(start)
			r.Head.v.Store(start)
			r.HeadSeen, r.TailSeen = start, start
			for i := range uint64(3) {
				mustPut(t, r, u, numbered(i, n))
				mustTake(t, r, u, numbered(i, n))
			}
			for range 30 {
				mustPut(t, r, u, nil)
			}
		}
	}
}

// Spares are bounded by their number and by their room, and the last one is kept whatever its size.
func TestSpares(t *testing.T) {
	r, u := newRing(1024, 0)
	hold := func(n, size int) (all []Message) {
		for range n {
			m, err := r.Hold(u, size)
			expect(t, err, nil)
			all = append(all, m)
		}
		return all
	}
	release := func(all []Message) {
		for _, m := range all {
			r.Release(u, m)
		}
	}
	release(hold(30, 10))
	if n := u.blocks().left(); n != MaxSpares {
		t.Errorf("%d small ones are kept", n)
	}
	release(hold(10, 1000))
	if n := u.blocks().left(); n < 4 || n > MaxSpares {
		t.Errorf("%d are kept", n)
	}
	sum := 0
	for at := range u.blocks().blocks {
		_, room := u.Store.Block(at)
		sum += len(room)
	}
	if sum > keptSizes*1024 {
		t.Errorf("%d bytes are kept", sum)
	}
	release(hold(1, 1<<20))
	if n := u.blocks().left(); n != 1 {
		t.Errorf("%d are kept beside a large one", n)
	}
	made := u.blocks().made
	release(hold(1, 1<<20))
	if u.blocks().made != made {
		t.Error("the large one is not used again")
	}
	release(hold(2, 100))
	if n := u.blocks().left(); n > 2 {
		t.Errorf("%d are kept", n)
	}
	// Memory for a new block is got from the spares, if need be.
	u.blocks().most = u.blocks().left()
	release(hold(1, 1<<21))
	_, err := r.Hold(u, 1<<22)
	expect(t, err, nil)
	if _, err := r.Hold(u, 1<<22); !errors.As(err, new(fullStore)) {
		t.Errorf("got %v", err)
	}
}

// Of several spares the smallest that has room is taken.
func TestSpareFits(t *testing.T) {
	r, u := newRing(1024, 0)
	var held []Message
	for _, n := range []int{500, 100, 300, 900} {
		m, err := r.Hold(u, n)
		expect(t, err, nil)
		held = append(held, m)
	}
	for _, m := range held {
		r.Release(u, m)
	}
	for _, c := range []struct{ n, want int }{{200, 300}, {301, 500}, {100, 100}, {5, 900}} {
		m, err := r.Hold(u, c.n)
		expect(t, err, nil)
		if _, room := u.Store.Block(m.block); len(room) != c.want {
			t.Errorf("for %d bytes one of %d", c.n, len(room))
		}
	}
}

func TestShutdownDropsBlocks(t *testing.T) {
	r, u := newRing(1024, 0)
	mustPut(t, r, u, numbered(1, 300))
	mustPut(t, r, u, numbered(2, 10))
	mustPut(t, r, u, numbered(3, 300))
	m, err := r.Hold(u, 400)
	expect(t, err, nil)
	r.Shutdown(u, true)
	if r.Len() != 0 || u.blocks().left() != 1 {
		t.Errorf("%d messages, %d blocks", r.Len(), u.blocks().left())
	}
	r.Release(u, m)
	if u.blocks().left() != 0 {
		t.Error("a block is left")
	}
}

// Of what the dead have had each is decided: what was put is there, all else is freed.
func TestReclaim(t *testing.T) {
	r, u := newRing(4096, 0)
	dead := map[uint32]bool{}
	lives := func(id uint32) bool { return !dead[id] }
	u = process(t, r, u, 1, lives)
	a, b, c := process(t, r, u, 2, lives), process(t, r, u, 3, lives), process(t, r, u, 4, lives)
	mustPut(t, r, a, numbered(1, 1100)) // queued by one that dies
	mustPut(t, r, c, numbered(2, 1200)) // queued by one that lives, and opened by one that dies before Head moves
	_, err := r.open(b, past(r.Head.at(), recordWords(1100), 1))
	expect(t, err, nil)
	mine, err := r.Hold(c, 50) // in hand of one that lives
	expect(t, err, nil)
	spare, err := r.Hold(c, 60)
	expect(t, err, nil)
	for _, x := range []*User{a, b} { // in hand of the dead
		_, err := r.Hold(x, 70)
		expect(t, err, nil)
	}
	r.Release(c, spare)
	// Killed while it took the spare in hand, and while it kept another one.
	picked, err := r.Hold(a, 55)
	expect(t, err, nil)
	r.Spares[5] = picked.block
	keeping, err := r.Hold(b, 1300)
	expect(t, err, nil)
	r.Spares[6] = keeping.block
	dead[2], dead[3] = true, true
	r.Died(2, u.Parker)
	r.Died(3, u.Parker)
	if !r.H.TryLock(c.me) {
		t.Fatal("H is held")
	}
	r.Owe()
	r.Reclaim(u) // somebody has H: it is he who does it
	before := u.blocks().left()
	r.unlock(c, &r.H)
	mustTake(t, r, c, numbered(1, 1100))
	if n := u.blocks().left(); n != before-4 || r.owed.Load() != 0 {
		t.Errorf("%d blocks of %d, owed %d", n, before, r.owed.Load())
	}
	for i, at := range r.Spares {
		if b, _ := u.Store.Block(at); at != 0 && b == nil {
			t.Errorf("spare %d is none", i)
		}
	}
	mustTake(t, r, c, numbered(2, 1200))
	if b, _ := u.Store.Block(mine.block); b == nil || b.Owner.Load() != 4 {
		t.Error("what a living process has in hand is gone")
	}
	if n := u.blocks().count(t, func(owner uint32) bool { return owner == 2 || owner == 3 }); n != 0 {
		t.Errorf("%d blocks of the dead", n)
	}
}

// Whoever holds B when a death is owed for does it when it has freed B.
func TestReclaimAfterSpares(t *testing.T) {
	r, u := newRing(1024, 0)
	dead := process(t, r, u, 2, func(id uint32) bool { return id == 1 })
	if _, err := r.Hold(dead, 10); err != nil {
		t.Fatal(err)
	}
	if !r.B.TryLock(u.me) {
		t.Fatal("B is held")
	}
	r.Owe()
	r.Reclaim(u)
	if u.blocks().left() != 1 {
		t.Fatal("done without the lock")
	}
	r.unlockSpares(u)
	if u.blocks().left() != 0 || r.owed.Load() != 0 {
		t.Errorf("%d blocks, owed %d", u.blocks().left(), r.owed.Load())
	}
}

// A record that names what is no block of the ring's is corruption, to all.
func TestBlockThatIsNone(t *testing.T) {
	for _, harm := range []func(r *Ring, u *User, b *Block){
		func(r *Ring, _ *User, _ *Block) { *r.word(1) = 12345 },
		func(_ *Ring, _ *User, b *Block) { b.Ring = 7 },
		func(_ *Ring, _ *User, b *Block) { b.Length = 1 << 50 },
		func(r *Ring, _ *User, _ *Block) { *r.word(0) = uint64(newHeader(inBlock, 0)) },
	} {
		r, u := newRing(256, 0)
		mustPut(t, r, u, numbered(1, 100))
		b, _ := u.Store.Block(*r.word(1))
		harm(r, u, b)
		_, err := r.TryTake(u, nil)
		expect(t, err, refusal.ErrCorrupt)
		r.Shutdown(u, true)
		expect(t, r.TryPut(u, make([]byte, 1000)), refusal.ErrCorrupt)
	}
}

// Many put messages of all lengths, in batches and alone, and many take them.
func TestManyLarge(t *testing.T) {
	r, u := newRing(1024, 0)
	const users, each = 4, 400
	var producers, consumers sync.WaitGroup
	for p := range users {
		producers.Go(func() {
			for i := 0; i < each; i += 4 {
				var all []Message
				for k := range 4 {
					m, err := r.wrap(u, numbered(uint64(p*each+i+k), 8+(p+i+k)*97%900))
					if err != nil {
						t.Error(err)
					}
					all = append(all, m)
				}
				if n, err := r.PutMany(background, u, all); n != 4 || err != nil {
					t.Error(n, err)
				}
			}
		})
		consumers.Go(func() {
			takeAll(t, r, u, each, func(int) {})
		})
	}
	for range 100 {
		r.Owe()
		r.Reclaim(u)
		park.Yield()
	}
	producers.Wait()
	r.Shutdown(u, false)
	consumers.Wait()
	if n := u.blocks().left(); n != 0 {
		t.Errorf("%d blocks are left", n)
	}
}
