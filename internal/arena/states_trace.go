package arena

import (
	"structs"
	"sync/atomic"
)

// TraceRecords is how many records a TraceState has: with the object's header they fill a block of 4 KiB.
const TraceRecords = 57

// TraceState is the payload of an object of KindTrace: what goroutines of one process hold of traced objects, and
// wait for. Only that process writes here. A process has a chain of these, that begins at its slot's Trace.
type TraceState struct {
	_       structs.HostLayout
	Next    atomic.Uint64 // Offset of the object that is the next one; 0 = none. Written once
	_       [56]byte
	Records [TraceRecords]TraceRecord
}

// TraceRecord says that a goroutine holds an object, or sleeps until it gets it.
//
//	free   kind 0; the other words are rubbish
//	used   a hold is noted after the object was taken, and erased before it is given back; a wait is noted before the
//	       goroutine sleeps, and erased after
//
// So whoever sees a record knows that it is true at that moment. State is stored last, with another count each time:
// a reader that finds the same State before and after has read one record, and it was there all the time.
type TraceRecord struct {
	_         structs.HostLayout
	State     atomic.Uint32 // a TraceWord
	Number    atomic.Uint32 // of a wait: the goroutine's, as stack dumps show it; 0 = unknown
	Object    atomic.Uint64 // what it is about: index, generation << 32
	Goroutine atomic.Uint64 // which; sys.Goroutine, to be compared with others of the process alone
	Since     atomic.Int64  // CLOCK_MONOTONIC, ns
	Where     [4]atomic.Uint64
}

// TraceWord is the state of a TraceRecord:
//
//	bits 0–1   TraceKind
//	bits 2–3   TraceMode
//	bit  4     the wait ends with a context
//	bits 5–31  counted up at each use
type TraceWord uint32

// TraceKind is what a record says.
type TraceKind uint32

// The kinds of records.
const (
	TraceFree TraceKind = iota
	TraceHold
	TraceWait
)

// TraceMode is how something is held, or wanted.
type TraceMode uint32

// Shared lets others in that share. Gate is held by a writer that waits until those inside have left: it lets nobody
// in, and is not in the writer's own way.
const (
	Exclusive TraceMode = iota
	Shared
	Gate
)

// Kind is what the record says; TraceFree if nothing.
func (w TraceWord) Kind() TraceKind { return TraceKind(w & 3) }

// Mode is how.
func (w TraceWord) Mode() TraceMode { return TraceMode(w >> 2 & 3) }

// Bounded tells of a wait that a context may end it.
func (w TraceWord) Bounded() bool { return w&(1<<4) != 0 }

// next is the word of the record's next use.
func (w TraceWord) next(kind TraceKind, mode TraceMode, bounded bool) TraceWord {
	v := (w>>5+1)<<5 | TraceWord(mode)<<2 | TraceWord(kind)
	if bounded {
		v |= 1 << 4
	}
	return v
}

// TraceTextSize is how many bytes a TraceText keeps.
const TraceTextSize = 32

// TraceText is a text as the arena has it; the first zero ends it.
type TraceText [TraceTextSize / 8]uint64

// Text packs a text; of a longer one, its end.
func Text(s string) (t TraceText) {
	if over := len(s) - TraceTextSize; over > 0 {
		s = s[over:]
	}
	for i := range len(s) {
		t[i/8] |= uint64(s[i]) << (8 * (i % 8))
	}
	return t
}
