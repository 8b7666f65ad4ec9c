package redo

import (
	"fmt"
	"unsafe"
)

// Memory is what the words of transactions lie in, mapped by each process wherever it likes.
type Memory struct {
	base unsafe.Pointer
	size uint64
}

// NewMemory is the memory of so many bytes from base on. It stays mapped as long as the process lives.
func NewMemory(base unsafe.Pointer, size uint64) Memory { return Memory{base, size} }

// Offset is where a word lies.
func (m Memory) Offset(word *uint64) uint64 {
	at := uint64(uintptr(unsafe.Pointer(word)) - uintptr(m.base))
	if at > m.size-8 || at%8 != 0 {
		notOurs(word)
	}
	return at
}

func notOurs(word *uint64) { panic(fmt.Sprintf("mp: %p is no word of the arena", word)) }

// Word is the word at an offset. One outside of the memory is a corrupt arena.
func (m Memory) Word(at uint64) *uint64 {
	if at == 0 || at > m.size-8 || at%8 != 0 {
		m.noWord(at)
	}
	return (*uint64)(unsafe.Add(m.base, at))
}

// Bytes is n bytes from an offset on, which is that of a word. Others than those of the memory are a corrupt arena.
func (m Memory) Bytes(at, n uint64) []byte {
	if at == 0 || n > m.size || at > m.size-n || at%8 != 0 {
		m.noWord(at)
	}
	return unsafe.Slice((*byte)(unsafe.Add(m.base, at)), n)
}

// noWord is apart so that Word and Bytes inline.
//
//go:noinline
func (m Memory) noWord(at uint64) {
	panic(fmt.Sprintf("mp: corrupt arena: a word at %#x of %#x bytes", at, m.size))
}
