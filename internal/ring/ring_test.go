package ring

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

var background = context.Background()

// surroundings are those of a ring on the heap. The process has the id 1.
func surroundings(r *Ring, knows func(id uint32) bool) Surroundings {
	return Surroundings{
		ID: 1, Parker: new(park.Local), Knows: knows, Lives: knows, Bytes: Memory(r.Size), Store: new(heapStore),
	}
}

// user is the only process.
func user(r *Ring) *User {
	u, err := r.NewUser(surroundings(r, func(id uint32) bool { return id == 1 }))
	if err != nil {
		panic(err)
	}
	return u
}

// newRing is a ring on the heap, and its user.
func newRing(size, most uint64) (*Ring, *User) {
	r := onHeap(size, most)
	return r, user(r)
}

// numbered is a message of n bytes that tells its number if it has room, and is recognizable to the last byte.
func numbered(i uint64, n int) []byte {
	b := bytes.Repeat([]byte{byte(i)}, n)
	if n >= 8 {
		binary.LittleEndian.PutUint64(b, i)
	}
	return b
}

func mustPut(t *testing.T, r *Ring, u *User, msg []byte) {
	t.Helper()
	if err := r.TryPut(u, msg); err != nil {
		t.Fatalf("%d bytes: %v", len(msg), err)
	}
}

func mustTake(t *testing.T, r *Ring, u *User, want []byte) {
	t.Helper()
	if got, err := r.TryTake(u, nil); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("took %x, %v, expected %x", got, err, want)
	}
}

func expect(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, expected %v", err, want)
	}
}

// Every length meets every place of the ring, and the marks wrap meanwhile.
func TestEveryLengthEverywhere(t *testing.T) {
	r, u := newRing(256, 1000)
	start := past(0, wordsMask-500, countMask-700)
	r.Tail.v.Store(start)
	r.Head.v.Store(start)
	r.HeadSeen, r.TailSeen = start, start
	var in, out uint64
	size := func(i uint64) int { return int(i * 7 % uint64(u.Largest()+1)) }
	for range 5000 {
		for r.TryPut(u, numbered(in, size(in))) == nil {
			in++
		}
		if n := r.Len(); n != int(in-out) {
			t.Fatalf("Len is %d of %d", n, in-out)
		}
		for range 1 + in%3 {
			mustTake(t, r, u, numbered(out, size(out)))
			out++
		}
	}
	for ; out < in; out++ {
		mustTake(t, r, u, numbered(out, size(out)))
	}
	_, err := r.TryTake(u, nil)
	expect(t, err, refusal.ErrEmpty)
}

// A ring is filled to its last byte, and the largest message has room in an empty one, wherever it stands.
func TestFull(t *testing.T) {
	r, u := newRing(256, 1000)
	for range 32 {
		mustPut(t, r, u, nil)
	}
	expect(t, r.TryPut(u, nil), refusal.ErrFull)
	for range 32 {
		mustTake(t, r, u, nil)
	}
	for i := range uint64(100) {
		mustPut(t, r, u, numbered(i, u.Largest()))
		mustTake(t, r, u, numbered(i, u.Largest()))
		mustPut(t, r, u, nil)
		mustTake(t, r, u, nil)
	}
	r, u = newRing(256, 2)
	mustPut(t, r, u, nil)
	mustPut(t, r, u, nil)
	expect(t, r.TryPut(u, nil), refusal.ErrFull)
}

func TestShutdown(t *testing.T) {
	r, u := newRing(256, 10)
	mustPut(t, r, u, []byte("one"))
	mustPut(t, r, u, []byte("two"))
	r.Shutdown(u, false)
	expect(t, r.TryPut(u, nil), refusal.ErrShutDown)
	expect(t, r.Put(background, u, nil), refusal.ErrShutDown)
	mustTake(t, r, u, []byte("one"))
	r.Shutdown(u, true)
	_, err := r.Take(background, u, nil)
	expect(t, err, refusal.ErrShutDown)
	if r.Len() != 0 {
		t.Errorf("%d left", r.Len())
	}
}

// A shutdown is killed between its steps, and the sweep tells those who wait.
func TestSweepOfAShutdown(t *testing.T) {
	r, u := newRing(64, 1)
	mustPut(t, r, u, nil)
	done := make(chan error)
	go func() { done <- r.Put(background, u, nil) }()
	for r.Head.v.Load()&waited == 0 {
		park.Yield()
	}
	r.Tail.v.Or(shut)
	r.Died(77, u.Parker)
	expect(t, <-done, refusal.ErrShutDown)
}

// Small messages fit, and wait all the same for the large one that came first.
func TestLargeIsNotStarved(t *testing.T) {
	r, u := newRing(256, 1000)
	for r.Len() < 30 {
		mustPut(t, r, u, nil)
	}
	large, small := make(chan error), make(chan error)
	go func() { large <- r.Put(background, u, numbered(1, u.Largest())) }()
	for r.Head.v.Load()&waited == 0 {
		park.Yield()
	}
	go func() { small <- r.Put(background, u, []byte{2}) }()
	for !r.Line.Waited() {
		park.Yield()
	}
	// A newcomer that tries takes what is there.
	mustPut(t, r, u, nil)
	for range 31 {
		mustTake(t, r, u, nil)
	}
	expect(t, <-large, nil)
	expect(t, <-small, nil)
	mustTake(t, r, u, numbered(1, u.Largest()))
	mustTake(t, r, u, []byte{2})
}

// Many put messages of many lengths, many take, waits are given up: each comes out once, in the order of its producer for
// whoever takes it, and nobody sleeps beside what it waits for.
func TestMany(t *testing.T) {
	for _, c := range []struct{ size, most uint64 }{{64, 1}, {256, 3}, {256, 1000}, {4096, 1000}} {
		const users, each = 4, 1000
		r, u := newRing(c.size, c.most)
		var producers, consumers sync.WaitGroup
		var seen [users][each]atomic.Int32
		for p := range users {
			producers.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(p), c.size))
				for i := range each {
					n := 8
					if u.Largest() > 8 {
						n += rnd.IntN(u.Largest() - 7)
					}
					msg := numbered(uint64(p*each+i), n)
					for try := i; impatient(try, func(ctx context.Context) error { return r.Put(ctx, u, msg) }) != nil; try++ {
					}
				}
			})
			consumers.Go(func() { takeAll(t, r, u, each, func(v int) { seen[v/each][v%each].Add(1) }) })
		}
		producers.Wait()
		r.Shutdown(u, false)
		consumers.Wait()
		for p := range seen {
			for i := range seen[p] {
				if n := seen[p][i].Load(); n != 1 {
					t.Fatalf("ring of %d: message %d of producer %d came out %d times", c.size, i, p, n)
				}
			}
		}
	}
}

// impatient makes a call whose context ends while it waits, now and then.
func impatient(i int, call func(context.Context) error) error {
	if i%3 != 0 {
		return call(background)
	}
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	go cancel()
	return call(ctx)
}

func takeAll(t *testing.T, r *Ring, u *User, each int, saw func(int)) {
	last := map[int]int{}
	for i := 0; ; i++ {
		var msg []byte
		err := impatient(i, func(ctx context.Context) (err error) {
			msg, err = r.Take(ctx, u, nil)
			return err
		})
		if err == refusal.ErrShutDown {
			return
		}
		if err != nil {
			continue
		}
		v := binary.LittleEndian.Uint64(msg)
		if !bytes.Equal(msg, numbered(v, len(msg))) {
			t.Errorf("torn: %x", msg)
			return
		}
		if p := int(v) / each; int(v) < last[p] {
			t.Errorf("message %d after %d", v, last[p])
		} else {
			last[p] = int(v)
		}
		saw(int(v))
	}
}

func BenchmarkQueue(b *testing.B) {
	r, u := newRing(1<<16, MaxMessages)
	msg := make([]byte, 8)
	done := make(chan struct{})
	go func() {
		buf := make([]byte, 0, 8)
		for range b.N {
			_, _ = r.Take(background, u, buf)
		}
		close(done)
	}()
	for range b.N {
		_ = r.Put(background, u, msg)
	}
	<-done
}
