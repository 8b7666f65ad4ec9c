package prim

import (
	"structs"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/park"
)

// The gate word.
//
//	bit  0       open  the readers' turn: they pass although the writer's word is taken
//	bits 1–15    late  readers that wait for this turn, or if it is open for whom it was opened and who are not in
//	bits 16–31   turn  counts the openings
const (
	gateOpen  uint32 = 1 << 0
	gateOne   uint32 = 1 << 1
	gateLate  uint32 = 1<<16 - 1<<1
	gateShift        = 16
)

// drained in the count of a slot: a writer sleeps on it, or did. Who takes the count to 0 clears it.
const drained uint32 = 1 << 31

// turnTime is how long a writer lets those in who have waited for the writer before it. It is far more than a
// wake-up takes, and bounds what a stopped process that waits can cost a writer: once for each of its waits.
const turnTime = 10 * time.Millisecond

// RWLock is the state of a readers-writer lock: 20 bytes, zero is free. Beside it lie the counts of
// the readers, a word a process (see RWSide).
//
// The writer's word is a Lock. A writer takes it with bit C, and so drains: a death frees it. When no reader
// is inside it clears C, and is in: a death abandons it. To leave it sets C again, opens the gate, and frees the
// word.
//
//	writer's word      gate        who is inside
//	free               any         readers
//	held, C            open        readers; the writer leaves, or has come and waits for the late ones
//	held, C            shut        readers that leave; the writer drains
//	held               shut        the writer
//	abandoned          shut        nobody: only Recover takes it over
//
// A reader counts itself, and then looks: if the word is free or the gate open, it is inside (the +1 commits);
// else it takes itself off again and waits. A writer takes the word, shuts the gate, and then looks at each
// count until it has seen it 0. All of this is sequentially consistent: one of the two sees the other. A count
// that was seen as 0 needs no second look, as nobody passes any more.
//
// Turns. Readers that wait sleep on the gate until its turn moves on; they are counted as late there, and see to it
// that W is in the writer's word. An unlock that finds W takes the slow way, which opens the gate before it
// frees the word. The next writer shuts it when the late ones are in, or after turnTime; those that are still
// late wait anew. A writer that finds late readers before the gate when it comes sets W itself. So a reader that
// is counted as late waits for the writer that holds the word and for one more at most, unless it
// cannot run for turnTime; and a writer, once it has the word, waits only for readers that were inside or
// late, and for those that come before the late ones are in.
//
// A count of turns that comes round while a reader is on its way to its sleep makes it sleep for one turn more.
//
// A writer that drains sleeps on the count of a slot, and before that, while it waits for the late ones, on
// letting, which is 1 then. Who takes the count to 0, or is the last that was late, wakes it.
type RWLock struct {
	_       structs.HostLayout
	writer  Lock
	gate    atomic.Uint32
	letting atomic.Uint32
	highest atomic.Uint32 // slot that may have read here; only grows
}

// RWSide is what a process brings to an RWLock: who it is, and how it waits.
type RWSide struct {
	Me      uint32          // Holder(id, true)
	Slot    uint32          // which of the counts is its own
	Readers []atomic.Uint32 // the counts, by slot; the same memory in all processes
	Parker  park.Parker
	Spin    *park.Spin
}

// Enter must be called in each process before its first use of the lock.
func (l *RWLock) Enter(slot uint32) {
	for v := l.highest.Load(); v < slot; v = l.highest.Load() {
		l.highest.CompareAndSwap(v, slot)
	}
}

// passes tells a reader that has counted itself whether it is inside.
func (l *RWLock) passes() bool {
	return l.writer.word.Load()&^waiters == 0 || l.gate.Load()&gateOpen != 0
}

// sameTurn blocks the readers on the gate.
func sameTurn(now, seen uint32) bool { return now>>gateShift == seen>>gateShift }

// counted blocks a writer on the count of a slot.
func counted(now, _ uint32) bool { return now&^drained != 0 }

// late blocks a writer that spins on an open gate.
func late(now, _ uint32) bool { return now&gateLate != 0 }

// Writer is the id of the process that holds the writer's word, or that died in it; 0 if it is free.
// drains: it is not in yet, or leaves.
func (l *RWLock) Writer() (id uint32, drains, dead bool) {
	v := l.writer.word.Load()
	return v & idMask >> idShift, v&consistent != 0, v&abandoned != 0
}

// Waited tells whether somebody may sleep; a writer on a count apart.
func (l *RWLock) Waited() bool {
	return l.writer.Waited() || l.letting.Load() != 0 || late(l.gate.Load(), 0)
}

// Turn tells whether it is the readers' turn. It is not while a writer is inside.
func (l *RWLock) Turn() bool { return l.gate.Load()&gateOpen != 0 }

// Highest bounds the slots that may have a count.
func (l *RWLock) Highest() uint32 { return l.highest.Load() }

// Readers is how many readers the count of a slot says are inside, or about to look. drains: a writer sleeps until there
// are none, or did.
func Readers(count uint32) (n int, drains bool) { return int(count &^ drained), count&drained != 0 }

// Reader is a slot with readers inside, or about to look.
func (s *RWSide) Reader(l *RWLock) (slot uint32, ok bool) {
	for i := range s.Readers[:l.highest.Load()+1] {
		if counted(s.Readers[i].Load(), 0) {
			return uint32(i), true
		}
	}
	return 0, false
}

// Drains tells of a word on which this lock's waiters sleep whether it is a reader's count: then who sleeps there is the
// writer that has the word, has shut the gate, and waits for those inside.
func (l *RWLock) Drains(w *atomic.Uint32) bool {
	return w != &l.writer.word && w != &l.gate && !l.Lets(w)
}

// Lets tells whether a writer sleeps on the word that lets readers in first, for turnTime at most.
func (l *RWLock) Lets(w *atomic.Uint32) bool { return w == &l.letting }
