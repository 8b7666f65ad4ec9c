package ring

import (
	"sync"
	"testing"
	"unsafe"
)

// onHeap makes a ring on the heap.
func onHeap(size, most uint64) *Ring {
	words := make([]uint64, Memory(size)/wordSize)
	r := (*Ring)(unsafe.Pointer(unsafe.SliceData(words)))
	r.Init(size, most)
	return r
}

// heapStore has the blocks of a ring on the heap. A block that is freed is filled with 0xDD, and found nowhere any more.
type heapStore struct {
	mu     sync.Mutex
	blocks map[uint64][]byte
	last   uint64
	made   int
	most   int // blocks; 0: as many as one likes
}

type fullStore struct{}

func (fullStore) Error() string { return "no memory" }

func (s *heapStore) Extend(n uint64, head func(*Block)) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most != 0 && len(s.blocks) == s.most {
		return 0, fullStore{}
	}
	if s.blocks == nil {
		s.blocks = map[uint64][]byte{}
	}
	words := make([]uint64, (BlockSize+n+7)/8)
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), BlockSize+n)
	head((*Block)(unsafe.Pointer(unsafe.SliceData(b))))
	s.made++
	s.last += 64
	s.blocks[s.last] = b
	return s.last, nil
}

func (s *heapStore) Shrink(at uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blocks[at]
	if b == nil {
		panic("a block that is none is freed")
	}
	delete(s.blocks, at)
	for i := range b[BlockSize:] {
		b[BlockSize+i] = 0xDD
	}
}

func (s *heapStore) Block(at uint64) (*Block, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blocks[at]
	if b == nil {
		return nil, nil
	}
	return (*Block)(unsafe.Pointer(unsafe.SliceData(b))), b[BlockSize:]
}

func (s *heapStore) Each(f func(at uint64, b *Block)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, b := range s.blocks {
		f(at, (*Block)(unsafe.Pointer(unsafe.SliceData(b))))
	}
}

func (s *heapStore) Any() bool { return s.left() > 0 }

func (s *heapStore) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.blocks)
}

// count tells how many blocks have an owner that is as asked for.
func (s *heapStore) count(t *testing.T, is func(owner uint32) bool) (n int) {
	t.Helper()
	s.Each(func(_ uint64, b *Block) {
		if is(b.Owner.Load()) {
			n++
		}
	})
	return n
}
