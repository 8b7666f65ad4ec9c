package ring

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/refusal"
)

// stranger is a user whose process holds no lock now: whoever seems to hold one is none.
func stranger(tb testing.TB, r *Ring) *User {
	tb.Helper()
	u, err := r.NewUser(surroundings(r, func(uint32) bool { return false }))
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// known are the answers that a ring may give, whatever lies in it.
func known(err error) bool {
	for _, one := range []error{nil, refusal.ErrEmpty, refusal.ErrFull, refusal.ErrShutDown, refusal.ErrCorrupt, context.Canceled} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// The words of a ring's head, by number.
const (
	sizeWord, mostWord, badWord   = 0, 1, 2
	tWord, tailWord, headSeenWord = 8, 11, 12
	hWord, headWord, tailSeenWord = 16, 18, 19
	dataWord                      = headSize / wordSize
)

// What cannot be in a ring is found, by whoever comes upon it, and told to all from then on.
func TestCorruptionIsFound(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(w []uint64)
		by   func(r *Ring, u *User) error
	}{
		{"a record of no kind", func(w []uint64) { w[dataWord] = 7 }, taker},
		{"a record without end", func(w []uint64) { w[dataWord] |= 1 << 62 }, taker},
		{"a record beyond Tail", func(w []uint64) { w[dataWord] = uint64(newHeader(message, 64)) }, taker},
		{"a filler amid the ring", func(w []uint64) { w[dataWord] = uint64(newHeader(filler, 8)) }, taker},
		{"a filler that fills all", func(w []uint64) { w[dataWord] = uint64(newHeader(filler, 248)) }, taker},
		{"Head far before Tail", func(w []uint64) { w[headWord] += 1 << 50 }, taker},
		{"Head far behind Tail", func(w []uint64) { w[headWord] -= 1 << 40 }, full},
		{"Tail far beyond Head", func(w []uint64) { w[tailWord] += 1 << 60 }, full},
		{"more messages than words", func(w []uint64) { w[tailWord] += 1 << 20 }, full},
		{"TailSeen far off", func(w []uint64) { w[tailSeenWord] = 1 << 61 }, taker},
		{"shut at the wrong end", func(w []uint64) { w[headWord] |= shut }, waiter},
		{"T held by nobody", func(w []uint64) { w[tWord] = 12345 << 2 }, full},
		{"T abandoned", func(w []uint64) { w[tWord] = 3 }, full},
		{"Line held by nobody", func(w []uint64) { w[tWord+1] = 12345 << 34 }, waiter},
		{"H held by nobody", func(w []uint64) { w[hWord] = 1<<31 | 12345<<2 }, taker},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w := guarded(t, 256, 0)
			u := stranger(t, r)
			mustPut(t, r, u, []byte("one"))
			mustPut(t, r, u, []byte("two"))
			c.harm(w)
			err := c.by(r, u)
			wrong, ok := errors.AsType[*CorruptError](err)
			if !ok || !errors.Is(err, refusal.ErrCorrupt) || wrong.What == "" {
				t.Fatalf("got %v, expected a *CorruptError", err)
			}
			t.Log(err)
			if !r.Tail.shut() || !r.Head.shut() {
				t.Error("who is about to sleep is not told")
			}
			for _, next := range []func(*Ring, *User) error{taker, full, waiter, sleeper} {
				expect(t, next(r, u), refusal.ErrCorrupt)
			}
			r.Shutdown(u, true)
			expect(t, taker(r, u), refusal.ErrCorrupt)
		})
	}
}

// Records that would be where others are, or none.
func TestCorruptionAtTheEnd(t *testing.T) {
	const most = 56 // bytes: 8 words with the header, a quarter of the ring
	for _, c := range []struct {
		name           string
		before, behind int // messages taken, and put behind the one that is harmed
		harm           header
	}{
		{"a filler longer than what is in use", 2, 0, newHeader(filler, 120)},
		{"a filler with nothing behind it", 3, 0, newHeader(filler, most)},
		{"a message over the end", 3, 2, newHeader(message, 100)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w := guarded(t, 256, 0)
			u := stranger(t, r)
			for range c.before {
				mustPut(t, r, u, make([]byte, most))
			}
			for range c.before {
				mustTake(t, r, u, make([]byte, most))
			}
			for range 1 + c.behind {
				mustPut(t, r, u, make([]byte, most))
			}
			w[dataWord+8*c.before] = uint64(c.harm)
			expect(t, taker(r, u), refusal.ErrCorrupt)
		})
	}
}

// A lock is written over while it is held: who sleeps for it is told by its holder.
func TestLockWrittenOver(t *testing.T) {
	r, w := guarded(t, 256, 0)
	u, err := r.NewUser(surroundings(r, func(uint32) bool { return true }))
	expect(t, err, nil)
	if !r.T.TryLock(u.me) {
		t.Fatal("T is held")
	}
	puts := make(chan error)
	go func() { puts <- r.Put(background, u, nil) }()
	for !r.T.Waited() {
		park.Yield()
	}
	w[tWord] = w[tWord]&^(1<<32-1) | 2<<2 | 1
	r.unlock(u, &r.T)
	expect(t, <-puts, refusal.ErrCorrupt)
}

func taker(r *Ring, u *User) error { _, err := r.TryTake(u, nil); return err }

func sleeper(r *Ring, u *User) error { _, err := r.Take(background, u, nil); return err }

// full puts until that is refused.
func full(r *Ring, u *User) error {
	for {
		if err := r.TryPut(u, make([]byte, 50)); err != nil {
			return err
		}
	}
}

// waiter puts until it waits for room.
func waiter(r *Ring, u *User) error {
	if err := full(r, u); err != refusal.ErrFull {
		return err
	}
	return r.Put(background, u, make([]byte, 50))
}

// A ring that cannot lie where it should is refused before it is used.
func TestNoSuchRing(t *testing.T) {
	for _, c := range []struct{ size, most, room uint64 }{
		{0, 0, 1024}, {257, 0, 1024}, {32, 0, 1024}, {1024, 0, 1024}, {1 << 40, 0, 1 << 41}, {256, MaxMessages + 1, 1024},
	} {
		r := onHeap(1024, 0)
		r.Size, r.Most = c.size, c.most
		_, err := r.NewUser(Surroundings{ID: 1, Bytes: c.room})
		expect(t, err, refusal.ErrCorrupt)
	}
}

// Whoever sleeps at a ring when it is found corrupt is told.
func TestSleepersAreTold(t *testing.T) {
	r, w := guarded(t, 256, 0)
	u := user(r)
	gets := make(chan error)
	go func() { gets <- sleeper(r, u) }()
	for r.Tail.v.Load()&waited == 0 {
		park.Yield()
	}
	w[tWord] = 12345 << 2
	expect(t, full(r, u), refusal.ErrCorrupt)
	expect(t, <-gets, refusal.ErrCorrupt)

	r, w = guarded(t, 256, 0)
	u = user(r)
	puts := make(chan error)
	for range 2 {
		go func() { puts <- waiter(r, u) }()
	}
	for r.Head.v.Load()&waited == 0 || !r.Line.Waited() {
		park.Yield()
	}
	w[dataWord] = 0
	expect(t, taker(r, u), refusal.ErrCorrupt)
	expect(t, <-puts, refusal.ErrCorrupt)
	expect(t, <-puts, refusal.ErrCorrupt)
}

// A lock's hint that cannot be keeps nobody from unlocking it.
func TestWrongHint(t *testing.T) {
	r, w := guarded(t, 256, 0)
	u := user(r)
	w[tWord] = 7<<32 | 1 // somebody sleeps, and 7 of 2 wake-ups are on their way
	mustPut(t, r, u, []byte("one"))
	mustTake(t, r, u, []byte("one"))
}

// A process that has found the ring corrupt dies before it has told anybody but those to come.
func TestSweepTellsOfCorruption(t *testing.T) {
	r, u := newRing(256, 0)
	gets := make(chan error)
	go func() { gets <- sleeper(r, u) }()
	for r.Tail.v.Load()&waited == 0 {
		park.Yield()
	}
	r.bad.Store(1)
	r.Died(77, u.Parker)
	expect(t, <-gets, refusal.ErrCorrupt)
	if !r.Tail.shut() || !r.Head.shut() {
		t.Error("who is about to sleep is not told")
	}
}

// A program is a list of steps, each a byte that says what, and nine of arguments.
func runProgram(t *testing.T, program []byte) {
	r, w := guarded(t, 256, 0)
	u := stranger(t, r)
	ended, cancel := context.WithCancel(background)
	cancel()
	for ; len(program) >= 10; program = program[10:] {
		i, x := int(program[1]), binary.LittleEndian.Uint64(program[2:])
		err := error(nil)
		switch program[0] % 10 {
		case 0, 1:
			err = r.TryPut(u, make([]byte, x%uint64(u.Largest()+1)))
		case 2:
			err = r.Put(ended, u, make([]byte, x%uint64(u.Largest()+1)))
		case 3, 4:
			err = taker(r, u)
		case 5:
			_, err = r.Take(ended, u, nil)
		case 6:
			r.Shutdown(u, x&1 == 0)
		case 7:
			r.Died(uint32(x), u.Parker)
		case 8:
			w[i%len(w)] = x
		default:
			w[i%len(w)] ^= 1 << (x % 64)
		}
		if !known(err) {
			t.Fatalf("step %d: %v", program[0]%10, err)
		}
		if n := r.Len(); n < 0 || n > countMask {
			t.Fatalf("Len is %d", n)
		}
	}
}

// Whatever is written into a ring, and whatever is done then: each call ends, with one of the errors that it may have.
func FuzzCorruptRing(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		program := make([]byte, 10*rnd.IntN(60))
		for i := range program {
			program[i] = byte(rnd.Uint32())
		}
		for i := 0; i < len(program); i += 10 {
			if rnd.IntN(2) == 0 {
				program[i+1] = byte(rnd.IntN(dataWord + 4)) // the head, more often
			}
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		done := make(chan struct{})
		go func() { defer close(done); runProgram(t, program) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("it hangs")
		}
	})
}

// The same, in the middle of what others do. Who sleeps may sleep on, until its context ends.
func TestCorruptedInUse(t *testing.T) {
	if race.Enabled {
		t.Skip("it is a race")
	}
	for seed := range uint64(30) {
		r, w := guarded(t, 1024, 0)
		u := user(r)
		ctx, cancel := context.WithCancel(background)
		var all sync.WaitGroup
		use := func(call func() error) {
			all.Go(func() {
				for err := error(nil); err == nil; {
					if err = call(); !known(err) {
						t.Errorf("got %v", err)
					}
				}
			})
		}
		for range 2 {
			use(func() error { return r.Put(ctx, u, make([]byte, 40)) })
			use(func() error { _, err := r.Take(ctx, u, nil); return err })
		}
		rnd := rand.New(rand.NewPCG(seed, 3))
		for range 50 {
			for range rnd.IntN(50) {
				park.Yield()
			}
			i := rnd.IntN(len(w))
			if i == 8 || i == 9 || i == 16 {
				continue // a lock could seem to be ours
			}
			w[i] = rnd.Uint64()
		}
		cancel()
		all.Wait()
	}
}
