package dict

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestHashStays: all processes of a family have the same.
func TestHashStays(t *testing.T) {
	seed := [2]uint64{1, 2}
	for key, want := range map[string]uint64{
		"": 0x2a4155f565fffbac, "a": 0xbca1f806c9b72aa2, "abcd": 0xe66b1b36d66adad7, "abcdefgh": 0xf3eaa08213f0265d, "abcdefghijklmnop": 0xa4e9ba35195d257a,
		"abcdefghijklmnopq": 0x95f8f4ff842d4af1, "abcdefghijklmnopqrstuvwxyz0123456789": 0x8bc92b57f6283c4b,
	} {
		if got := Hash(&seed, []byte(key)); got != want {
			t.Errorf("%q: %#x, want %#x", key, got, want)
		}
	}
	if other := [2]uint64{1, 3}; Hash(&seed, nil) == Hash(&other, nil) {
		t.Error("the second word of the seed does not matter")
	}
	if other := [2]uint64{2, 2}; Hash(&seed, nil) == Hash(&other, nil) {
		t.Error("the first word of the seed does not matter")
	}
}

// TestHashStirs: each bit of a key, of any length, turns about half of the bits of the hash.
func TestHashStirs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seed := [2]uint64{r.Uint64(), r.Uint64()}
	for n := 1; n <= 40; n++ {
		for bit := range 8 * n {
			turned, always, never := 0, ^uint64(0), ^uint64(0)
			const tries = 64
			for range tries {
				key := make([]byte, n)
				for i := range key {
					key[i] = byte(r.Int())
				}
				before := Hash(&seed, key)
				key[bit/8] ^= 1 << (bit % 8)
				diff := before ^ Hash(&seed, key)
				turned += bits.OnesCount64(diff)
				always, never = always&diff, never&^diff
			}
			if turned < 28*tries || turned > 36*tries || always != 0 || never != 0 {
				t.Errorf("bit %d of %d bytes turns %d bits of %d; always %#x, never %#x", bit, n, turned, 64*tries, always, never)
			}
		}
	}
}

// TestHashSpreads: numbers that follow each other go to all words of a table alike, and to all shards.
func TestHashSpreads(t *testing.T) {
	seed := [2]uint64{3, 4}
	for _, stride := range []uint64{1, 8, 1 << 20, 1 << 40} {
		var low, high [256]int
		for i := range uint64(256 * 100) {
			h := Hash(&seed, binary.LittleEndian.AppendUint64(nil, i*stride))
			low[h&255]++
			high[h>>56]++
		}
		for i := range 256 {
			if min(low[i], high[i]) < 50 || max(low[i], high[i]) > 150 {
				t.Errorf("stride %d: %d and %d keys at %d, instead of 100", stride, low[i], high[i], i)
			}
		}
	}
}

func TestHashOfLengths(t *testing.T) {
	seed, seen := [2]uint64{5, 6}, map[uint64]int{}
	for n := range 300 {
		h := Hash(&seed, make([]byte, n))
		if other, twice := seen[h]; twice {
			t.Errorf("%d zeros and %d zeros", n, other)
		}
		seen[h] = n
	}
}
