package mp

import (
	"context"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Semaphore is a number of permits, shared by all goroutines of all processes of the family.
//
// It is made by [NewSemaphore]; the handle travels as an argument and must not be copied. Release in one process
// synchronizes before the Acquire that gets the permit in another.
//
// A permit has no owner: one process may acquire it and another release it, which makes a semaphore a way to tell somebody
// that something is there. So nobody can say what a process had acquired that dies: those permits are gone. Where permits
// are for using something, and the user gives them back itself, [BoundedSemaphore] returns those of the dead. Whoever sleeps
// goes on sleeping when another process dies, and no wake-up is lost with it.
//
// Uncontended, Acquire and Release cost one compare-and-swap each. Acquire without a permit looks for one for as long as has
// paid of late, up to about 20 µs, and then sleeps; Release makes a system call only if somebody sleeps and nobody has been
// woken who is still on its way. It is not fair. Between goroutines of one process threading.Semaphore does the same on the
// heap.
type Semaphore struct {
	noCopy noCopy
	state  *arena.SemaphoreState
	*hold
}

// NewSemaphore makes a semaphore with this many permits. It panics if that is negative or more than 2,147,483,647; as make
// does, if the arena is full; and before Main.
func NewSemaphore(permits int, opts ...Option) *Semaphore {
	s, err := newSemaphore(permits, opts)
	if err != nil {
		panic(err)
	}
	return s
}

func newSemaphore(permits int, opts []Option) (*Semaphore, error) {
	n, err := prim.Permits(permits, prim.MaxPermits)
	if err != nil {
		return nil, err
	}
	a, err := family("NewSemaphore")
	if err != nil {
		return nil, err
	}
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindSemaphore, Name: settle(opts).name, Type: "mp.Semaphore", Fingerprint: fingerprint(nil), Size: semaphoreStateSize,
		Init: func(o *arena.Object) { arena.PayloadOf[arena.SemaphoreState](o).Semaphore.Init(n) },
	})
	if err != nil {
		return nil, err
	}
	s := new(Semaphore)
	s.attach(h)
	return s, nil
}

func (s *Semaphore) attach(h *hold) {
	s.hold = h
	s.state = arena.PayloadOf[arena.SemaphoreState](h.object)
	collect(s, h)
}

// Acquire takes a permit, waiting as long as it takes.
func (s *Semaphore) Acquire() {
	if !s.state.Semaphore.Acquire() {
		_ = s.acquireSlow(background) // without an end of the context there is no error
	}
	s.acquired()
}

// AcquireContext is Acquire until ctx ends, and returns its error then, without a permit. A permit that is there is taken even
// if ctx has ended.
func (s *Semaphore) AcquireContext(ctx context.Context) error {
	if !s.state.Semaphore.Acquire() {
		if err := s.acquireSlow(ctx); err != nil {
			return err
		}
	}
	s.acquired()
	return nil
}

//go:noinline
func (s *Semaphore) acquireSlow(ctx context.Context) error {
	defer runtime.KeepAlive(s)
	return s.state.Semaphore.AcquireSlow(ctx, s.arena.in.Parker(), &s.spin)
}

// acquired ends an acquire. The handle lives until here, and with it the permits in shared memory.
func (s *Semaphore) acquired() {
	if race.Enabled {
		s.shadow.Acquire()
	}
	runtime.KeepAlive(s)
}

// TryAcquire takes a permit if there is one and tells whether it did.
func (s *Semaphore) TryAcquire() bool {
	if !s.state.Semaphore.Acquire() && !s.state.Semaphore.TryAcquireSlow() {
		runtime.KeepAlive(s)
		return false
	}
	s.acquired()
	return true
}

// Release adds a permit, also one that nobody acquired. It panics if there would be more than 2,147,483,647.
func (s *Semaphore) Release() {
	if race.Enabled {
		s.shadow.Release()
	}
	if !s.state.Semaphore.Release() {
		s.releaseSlow(1)
	}
	runtime.KeepAlive(s)
}

// ReleaseN adds n permits at once: Python's release(n). It panics as Release does, and if n is less than 1.
func (s *Semaphore) ReleaseN(n int) {
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
func (s *Semaphore) releaseSlow(n uint32) {
	defer runtime.KeepAlive(s)
	if err := s.state.Semaphore.ReleaseSlow(n, s.arena.in.Parker()); err != nil {
		panic(err)
	}
}

// Value is the number of permits left, which may be another by the time it is used.
func (s *Semaphore) Value() int {
	defer runtime.KeepAlive(s)
	return int(s.state.Semaphore.Value())
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (s *Semaphore) MarshalBinary() ([]byte, error) { return s.marshal(arena.KindSemaphore) }

// UnmarshalBinary makes s a handle of the semaphore that another process's MarshalBinary named.
func (s *Semaphore) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindSemaphore, reflect.Type(nil))
	if err != nil {
		return err
	}
	s.attach(h)
	return nil
}
