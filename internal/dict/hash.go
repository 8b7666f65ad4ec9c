package dict

import (
	"encoding/binary"
	"math/bits"
)

// The constants of wyhash: odd, and with as many ones as zeros in each byte.
const (
	stir0 = 0xa0761d6478bd642f
	stir1 = 0xe7037ed1a0b428db
)

// Hash is wyhash's of the key, the same in all processes: hash/maphash keeps its seed to one. Both factors of each product
// are mixed with words of the seed that nobody outside knows, so that no keys can be made that collide.
func Hash(seed *[2]uint64, key []byte) uint64 {
	h, n := seed[0]^stir0, len(key)
	var a, b uint64
	switch {
	case n > 16:
		for rest := key; len(rest) > 16; rest = rest[16:] {
			h = mix(word(rest)^seed[1], word(rest[8:])^h)
		}
		a, b = word(key[n-16:]), word(key[n-8:])
	case n >= 8:
		a, b = word(key), word(key[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[n-4:]))
	case n > 0:
		a = uint64(key[0])<<16 | uint64(key[n/2])<<8 | uint64(key[n-1])
	}
	high, low := bits.Mul64(a^seed[1], b^h)
	return mix(low^stir0^uint64(n), high^seed[1]^stir1)
}

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// mix is the two halves of a product, one on the other.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
