// Package dict is a hash map in memory that several processes map, whose changes are whole or did not happen, whenever one
// of the processes is killed. Keys and values are bytes here.
//
// A Dict is shards, by the hash of the key. A Shard is a slab, whose lock guards it and whose cells it consists of:
//
//	table   one cell of a power of two words, open addressing: 0 nothing, 1 an entry was here, else the place of an entry
//	        and as much of its hash as there is room for
//	entry   one cell: a word with the key's length and the hash, the key, rounded up to words, the value
//
// Each change is one transaction of the slab: it makes the new cell, puts it into the table, counts, and frees the old cell.
// A value of few words whose successor has the same length is overwritten instead, by a transaction as well. Tables
// grow in the same way: the new one is filled while it is nobody's, and one transaction puts it in the old one's place.
package dict

import (
	"structs"

	"github.com/multiproc/mp/internal/slab"
)

// Dict is the head of one; its shards follow in memory. It is written once.
type Dict struct {
	_      structs.HostLayout
	Seed   [2]uint64 // of the hash, random
	Shards uint64    // a power of two
	_      [40]byte
}

// MaxShards is how many shards a dict may have.
const MaxShards = 64

// Shard is a part of a dict. Zero is empty and ready. All but the slab's lock changes by transactions.
type Shard struct {
	_     structs.HostLayout
	Slab  slab.Slab
	Table uint64 // its cell; 0: none
	Count uint64 // entries
	Used  uint64 // words of the table that are not 0
	Bytes uint64 // of the entries' cells
	_     [32]byte
}

// Init makes the memory of an empty dict, which is zero, one of so many shards.
func (d *Dict) Init(shards int, seed [2]uint64) { d.Shards, d.Seed = uint64(shards), seed }

// Key is one with its hash.
type Key struct {
	Hash  uint64
	Bytes []byte
}

// Of is the shard that a key belongs in. The low bits of the hash are for the tables.
func Of(shards []Shard, k Key) *Shard { return &shards[k.Hash>>58&uint64(len(shards)-1)] }

// Expected is what must be under a key for a change to be made.
type Expected struct {
	Any   bool // whatever there is, or is not
	Found bool // Value; else nothing
	Value []byte
}

// Anything is no condition.
var Anything = Expected{Any: true}
