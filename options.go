package mp

import "github.com/multiproc/mp/internal/arena"

// Option is a rare switch of a shared object's constructor: [Name], [Release], [Trace], [DetectDeadlock], [Action],
// [RingBytes], [Sparse].
type Option interface{ apply(*settings) }

// settings are what the options of one constructor amount to.
type settings struct {
	name   string
	policy uint32
	flags  uint32 // of the object
	action Target // of a barrier; nil: none
	ring   int    // bytes of a queue's ring; 0: as many as usual
	sparse bool   // an array
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

type sparse bool

func (on sparse) apply(s *settings) { s.sparse = bool(on) }

// Sparse is an option of arrays: it makes one that takes address space alone, as much as the arena has left, which may be more
// than the machine has memory. A page of it (4 KiB) gets memory when it is first touched, even to be read; and gives it back
// when the array is gone, not before. [Arena.Left] and mp ps count all of it as taken, as nobody else can have it.
//
// What it risks: memory that was not reserved may not be there when it is touched, and then no error can be returned. The
// kernel's out-of-memory killer ends the process, or another of its choice; with vm.overcommit_memory=2 the process gets a
// SIGBUS, which Go cannot recover from. To read all of it, by All, CopyTo or Text, takes memory for all of it. It is an error
// where the kernel cannot take memory back (fallocate with FALLOC_FL_PUNCH_HOLE): there [NewArray] panics.
//
// Memory has what describes the array: 32 bytes for each 64 KiB. Other objects take no notice of Sparse.
const Sparse = sparse(true)

func settle(opts []Option) settings {
	var s settings
	for _, o := range opts {
		o.apply(&s)
	}
	return s
}
