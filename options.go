package mp

import "github.com/multiproc/mp/internal/arena"

// Option is a rare switch of a shared object's constructor: [Name], [Release], [Trace], [DetectDeadlock], [Action],
// [RingBytes].
type Option interface{ apply(*settings) }

// settings are what the options of one constructor amount to.
type settings struct {
	name   string
	policy uint32
	flags  uint32 // of the object
	action Target // of a barrier; nil: none
	ring   int    // bytes of a queue's ring; 0: as many as usual
}

// Name is what mp ps and errors call the object. Tools show its first 40 bytes.
type Name string

func (n Name) apply(s *settings) { s.name = string(n) }

type policy uint32

func (p policy) apply(s *settings) { s.policy = uint32(p) }

// Release: a holder's death frees the lock. For locks that guard nothing that can be torn, such as who
// prints next. LastDeath tells whether it happened.
const Release = policy(arena.PolicyRelease)

type tracing uint32

func (t tracing) apply(s *settings) { s.flags |= uint32(t) }

// Trace: it is recorded who holds the lock and who waits for it, which goroutine, since when, at which line; and
// mp ps --deadlocks names the cycles in which goroutines wait for each other, with certainty.
//
// The lock belongs to the goroutine that locks it: another one's Unlock panics. A goroutine whose lock another could
// unlock is in no certain cycle.
//
// A lock and its unlock then cost about 2 µs instead of a few nanoseconds, and a wait 7 µs more, or ten times that on a
// deep stack. A lock that is not traced pays nothing. If the arena has no room for a record (64 bytes), the lock works
// without; mp ps --deadlocks says how many are missing.
//
// It is for [Lock], [RLock] and [RWLock]; other objects take no notice of it.
const Trace = tracing(arena.FlagTraced)

// DetectDeadlock is [Trace], and breaks cycles: of those who wait in a cycle for locks with this option, the one that
// began to wait last gets *[DeadlockError] instead of waiting for ever: from LockContext and Recover as an error, from Lock
// as a panic. The others go on once it has given back what it holds. It takes 100 to 300 ms.
const DetectDeadlock = tracing(arena.FlagTraced | arena.FlagDetect)

func settle(opts []Option) settings {
	var s settings
	for _, o := range opts {
		o.apply(&s)
	}
	return s
}
