package mp

import (
	"context"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// BoundedSemaphore is a number of permits that processes borrow: it knows which process holds how many.
//
// It is made by [NewBoundedSemaphore]; the handle travels as an argument and must not be copied. Release in one process
// synchronizes before the Acquire that gets the permit in another. Any goroutine of a process that holds a permit may release
// it; a process that holds none may not, and panics, and so does a release of more than was acquired. (In Python any
// process may release. Then the permit of a killed process could come back twice.)
//
// The permits of a process that dies, by a kill, a crash or a plain exit, return, and whoever waits gets them. What they
// were for, the dead may have left half done: a semaphore guards places, not data. A goroutine that ends holding a permit
// keeps it from the others until its process ends.
//
// Uncontended, and as long as no other process comes between, Acquire and Release cost one compare-and-swap each, as with
// [Semaphore]; when two processes take turns, a lock more. It waits and wakes as Semaphore does, and is not fair.
// Between goroutines of one process threading.BoundedSemaphore does the same on the heap.
type BoundedSemaphore struct {
	noCopy noCopy
	state  *arena.BoundedState
	seat   *prim.Seat
	*hold
}

// NewBoundedSemaphore makes a semaphore with this many permits, and never more. It panics if that is negative or more than
// 4,194,303; as make does, if the arena is full; and before Main. It takes 4.5 KiB of the arena.
func NewBoundedSemaphore(permits int, opts ...Option) *BoundedSemaphore {
	s, err := newBoundedSemaphore(permits, opts)
	if err != nil {
		panic(err)
	}
	return s
}

func newBoundedSemaphore(permits int, opts []Option) (*BoundedSemaphore, error) {
	n, err := prim.Permits(permits, prim.MaxBound)
	if err != nil {
		return nil, err
	}
	a, err := family("NewBoundedSemaphore")
	if err != nil {
		return nil, err
	}
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindBoundedSemaphore, Name: settle(opts).name, Type: "mp.BoundedSemaphore", Fingerprint: fingerprint(nil), Size: boundedStateSize,
		Init: func(o *arena.Object) { arena.PayloadOf[arena.BoundedState](o).Bounded.Init(n) },
	})
	if err != nil {
		return nil, err
	}
	s := new(BoundedSemaphore)
	s.attach(h)
	return s, nil
}

func (s *BoundedSemaphore) attach(h *hold) {
	s.hold = h
	s.state = arena.PayloadOf[arena.BoundedState](h.object)
	s.seat = h.arena.in.Seat(s.state, &h.spin)
	collect(s, h)
}

// Acquire takes a permit, waiting as long as it takes.
func (s *BoundedSemaphore) Acquire() {
	if !s.state.Bounded.Acquire(s.seat.Slot) {
		_ = s.acquireSlow(background) // without an end of the context there is no error
	}
	s.acquired()
}

// AcquireContext is Acquire until ctx ends, and returns its error then, without a permit. A permit that is there is taken even
// if ctx has ended, unless another process is just taking or releasing one.
func (s *BoundedSemaphore) AcquireContext(ctx context.Context) error {
	if !s.state.Bounded.Acquire(s.seat.Slot) {
		if err := s.acquireSlow(ctx); err != nil {
			return err
		}
	}
	s.acquired()
	return nil
}

//go:noinline
func (s *BoundedSemaphore) acquireSlow(ctx context.Context) error {
	defer runtime.KeepAlive(s)
	return s.state.Bounded.AcquireSlow(ctx, s.seat)
}

// acquired ends an acquire. The handle lives until here, and with it the permits in shared memory.
func (s *BoundedSemaphore) acquired() {
	if race.Enabled {
		s.shadow.Acquire()
	}
	runtime.KeepAlive(s)
}

// TryAcquire takes a permit if there is one and tells whether it did. Where it finds none it looks whether their holders live,
// at some 0.2 µs for each process.
func (s *BoundedSemaphore) TryAcquire() bool {
	if !s.state.Bounded.Acquire(s.seat.Slot) && !s.tryAcquireSlow() {
		return false
	}
	s.acquired()
	return true
}

func (s *BoundedSemaphore) tryAcquireSlow() bool {
	defer runtime.KeepAlive(s)
	if s.state.Bounded.TryAcquireSlow(s.seat) {
		return true
	}
	// Nobody may be asleep here, and so nobody looks whether the holders live.
	return s.arena.in.SuspectHolders(s.state) && s.state.Bounded.TryAcquireSlow(s.seat)
}

// Release gives a permit back. It panics if this process holds none.
func (s *BoundedSemaphore) Release() {
	if race.Enabled {
		s.shadow.Release()
	}
	if !s.state.Bounded.Release(s.seat.Slot) {
		s.releaseSlow(1)
	}
	runtime.KeepAlive(s)
}

// ReleaseN gives n permits back at once: Python's release(n). It panics, and gives none back, if this process holds fewer, and
// if n is less than 1.
func (s *BoundedSemaphore) ReleaseN(n int) {
	permits, err := prim.Released(n)
	if err != nil {
		panic(err)
	}
	if race.Enabled {
		s.shadow.Release()
	}
	s.releaseSlow(permits)
}

//go:noinline
func (s *BoundedSemaphore) releaseSlow(n uint32) {
	defer runtime.KeepAlive(s)
	if err := s.state.Bounded.ReleaseSlow(n, s.seat); err != nil {
		panic(err)
	}
}

// Value is the number of permits left, which may be another by the time it is used.
func (s *BoundedSemaphore) Value() int {
	defer runtime.KeepAlive(s)
	return int(s.state.Bounded.Value())
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (s *BoundedSemaphore) MarshalBinary() ([]byte, error) {
	return s.marshal(arena.KindBoundedSemaphore)
}

// UnmarshalBinary makes s a handle of the semaphore that another process's MarshalBinary named.
func (s *BoundedSemaphore) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindBoundedSemaphore, reflect.Type(nil))
	if err != nil {
		return err
	}
	s.attach(h)
	return nil
}
