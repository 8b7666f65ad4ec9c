package arena

import (
	"structs"
	"sync/atomic"
	"unsafe"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
)

// Magic is the first word of every arena, written last when one is made.
const Magic uint64 = 0x6172656e612d706d // "mp-arena" in memory

// Version is the layout's. A process that has another one refuses the arena.
const Version uint32 = 1

// Offset is a place in the arena, in bytes from its beginning. 0 is nowhere: the header lies there.
type Offset uint64

// Sizes that the layout fixes.
const (
	Slots      = park.Slots
	MaxObjects = 1 << 20
	SpanSize   = 64 << 10 // the heap's unit: what is reserved, handed to a size class, or part of a run
	PageSize   = 4096
	LimboSize  = 64
)

// Header is the arena's first page. All but Magic and Top is written once, before Magic.
type Header struct {
	_            structs.HostLayout
	Magic        atomic.Uint64
	Top          atomic.Uint32 // slots from here on were never claimed
	Version      uint32
	Checksum     uint32 // FNV-1a of what follows
	_            uint32
	Size         uint64 // of the whole arena, in bytes of address space
	Created      int64  // Unix time, ns
	PIDNamespace uint64 // inode of the maker's; 0 = unknown
	ID           uint64 // random: tells arenas apart
	TableAt      Offset // [Slots]Slot
	BoardAt      Offset // park.Board
	HeapAt       Offset // Heap
	DirectoryAt  Offset // [MaxObjects]uint64
	SpansAt      Offset // [Spans]Span
	BlocksAt     Offset // the heap's first span; a multiple of SpanSize
	Spans        uint64 // spans that the heap may use
	Name         [64]byte
	Program      [256]byte // path of the maker's executable
}

// Slot is a process's line in the process table. Written before State says Starting, but for PID and Namespace (by the
// child, before Live), Start (by the child, at its first tick, if it ever has one), Trace and Untraced (by the process), Limbo (by transactions) and Ended, Status
// (at death).
type Slot struct {
	_         structs.HostLayout
	State     atomic.Uint64 // see State's functions
	PID       atomic.Uint32
	Parent    atomic.Uint32 // the id of the process that started this one; 0 = the first
	Start     atomic.Uint64 // start time, clock ticks since boot
	Namespace atomic.Uint64 // inode of its pid namespace
	Checked   atomic.Int64  // CLOCK_MONOTONIC, ns: when somebody last looked whether it lives
	Since     atomic.Int64  // Unix time, ns: when the slot was claimed
	Ended     atomic.Int64  // Unix time, ns: when the death was noticed; 0 = alive
	Status    atomic.Uint64 // exit code + 1 of a clean exit; 0 = none told
	Name      [8]atomic.Uint64
	Trace     atomic.Uint64 // Offset of the object of KindTrace with its newest records; 0 = none
	Untraced  atomic.Uint32 // holds and waits that there was no room to record
	_         [372]byte
	Limbo     [LimboSize]uint64 // blocks between two places: offsets, 0 = none; only transactions write here
}

// Heap is the allocator's and the directory's state. Its lock guards all of it, the spans, the directory
// and the limbos; all its words change by transactions (see package redo).
type Heap struct {
	_       structs.HostLayout
	Lock    prim.Lock
	_       [52]byte
	Redo    redo.Record
	_       [56]byte
	Objects uint64          // objects alive
	Free    uint64          // first free directory entry + 1; 0 = none
	Fresh   uint64          // directory entries from here on were never used
	Runs    uint64          // first free run of spans + 1; 0 = none
	Unused  uint64          // spans from here on were never used
	Bytes   uint64          // handed out, rounded up to block sizes
	Partial [Classes]uint64 // of each size class: first span with a free block + 1; 0 = none
	Spare   [Classes]uint64 // of each size class: the span kept although all its blocks are free + 1; 0 = none
}

// The table's slot sizes are what the offsets below assume.
const (
	slotSize  = 1024
	traceSize = uint64(unsafe.Sizeof(TraceState{}))

	arrayStateSize = uint64(unsafe.Sizeof(ArrayState{}))

	_         = uint(slotSize-unsafe.Sizeof(Slot{})) + uint(unsafe.Sizeof(Slot{})-slotSize)
	tableAt   = Offset(PageSize)
	boardAt   = tableAt + Slots*slotSize
	boardSize = (Offset(unsafe.Sizeof(park.Board{})) + PageSize - 1) &^ (PageSize - 1)
	heapAt    = boardAt + boardSize
	directory = heapAt + PageSize
	spansAt   = directory + MaxObjects*8
)
