package inspect

import (
	"github.com/multiproc/mp/internal/arena"
)

// What layout version 1 says about the heap, read here independently of the code that writes it: a checker that
// shares the writer's arithmetic shares its mistakes. The tests walk arenas with blocks of all sizes, so that
// the two cannot drift apart.

// The kinds of spans.
const (
	spanFree    = 1
	spanFreeEnd = 2
	spanRun     = 3
	spanBlocks  = 4
)

var spanKinds = [...]string{"nothing", "a free run", "the end of a free run", "a run in use", "blocks"}

func spanKind(s *arena.Span) uint64 { return s.What & 0xFF }

func spanClass(s *arena.Span) uint64 { return s.What >> 8 }

var classSizes = [arena.Classes]uint64{64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384, 32768}

// counts takes the word apart that a span of blocks has: the first free block + 1, the blocks that were ever handed
// out, those that are now.
func counts(s *arena.Span) (first, fresh, used uint64) {
	return s.Count & 0xFFFF, s.Count >> 16 & 0xFFFF, s.Count >> 32
}

const (
	entryFree = 1 << 39
	entryMask = entryFree - 1
)

// entry takes a word of the directory apart. next is of a free entry: the next free one + 1.
func entry(w uint64) (generation uint32, block arena.Offset, next uint64, free bool) {
	if free = w&entryFree != 0; free {
		return uint32(w >> 40), 0, w & entryMask, true
	}
	return uint32(w >> 40), arena.Offset(w&entryMask) << 6, 0, false
}

// payloads is the least payload of each kind of object that this version knows.
var payloads = map[arena.Kind]uint64{
	arena.KindLock:     lockSize,
	arena.KindRLock:    rlockSize,
	arena.KindValue:    valueSize,
	arena.KindRawValue: 1,

	arena.KindSemaphore: semaphoreSize, arena.KindBoundedSemaphore: boundedSize,
	arena.KindTrace:     traceSize,
	arena.KindRWLock:    rwLockSize,
	arena.KindCondition: conditionSize,
	arena.KindEvent:     eventSize,
	arena.KindBarrier:   barrierSize,
	arena.KindQueue:     queueSize,
	arena.KindPipe:      pipeSize,
}
