package mp

import (
	"iter"
	"runtime"

	"github.com/multiproc/mp/internal/dict"
)

// Len is how many keys there are. It waits for nobody, and is stale before it can be used, where others change the Dict.
func (d *Dict[K, V]) Len() int {
	defer runtime.KeepAlive(d)
	n := 0
	for i := range d.shards {
		n += d.shards[i].Len()
	}
	return n
}

// All yields keys and their values, in no order. The Dict may be changed meanwhile, by the loop too: of each shard
// the loop sees the keys and values of the moment when it comes to it. So a key that is there all the time is seen once, and
// never twice; what others change before, after or during the loop may be seen or not, each change whole. The loop needs memory for the copy of
// a shard.
func (d *Dict[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		d.each(true, func(key, value []byte) bool { return yield(mustDecode[K](key), mustDecode[V](value)) })
	}
}

// Keys is All for the keys alone.
func (d *Dict[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		d.each(false, func(key, _ []byte) bool { return yield(mustDecode[K](key)) })
	}
}

// Values is All for the values alone.
func (d *Dict[K, V]) Values() iter.Seq[V] {
	return func(yield func(V) bool) {
		d.each(true, func(_, value []byte) bool { return yield(mustDecode[V](value)) })
	}
}

func (d *Dict[K, V]) each(values bool, f func(key, value []byte) bool) {
	var b []byte
	for i := range d.shards {
		b = d.shards[i].Copy(d.user, b[:0], values)
		d.seen()
		for rest := b; len(rest) > 0; {
			var key, value []byte
			if key, value, rest = dict.Next(rest); !f(key, value) {
				return
			}
		}
	}
}
