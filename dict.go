package mp

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/dict"
	"github.com/multiproc/mp/internal/pod"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/slab"
)

// Dict is a map in shared memory, which grows as it needs. V is any value that can be an argument of a process; K too, if Go
// can compare it, without interfaces, and without pointers other than handles.
//
// It is made by [NewDict]; the handle travels as an argument and must not be copied. All methods may be called by any
// goroutine of any process of the family. A change of a key synchronizes before every call that sees it.
//
// Every change is whole or has not happened, also when the process that makes it is killed in the middle: there is
// nothing to recover, and nobody waits for the dead. A process that is stopped in the middle of a change, by SIGSTOP, holds up
// those who need the same shard until it continues.
//
// Keys are the same if their encodings are: as with ==, but that all NaNs are one key, and that a time.Time is an instant
// with its offset from UTC. What Set is given is encoded before it does anything, and is not kept; what Get returns is a
// copy: to change what is in the Dict, Set it, or Update.
//
// A handle in a key or a value keeps nothing alive: keep the object as long as it is in the Dict. To get one whose object is
// gone panics with what the codec says of it, as does asking for a key that its MarshalBinary refuses.
//
// A number under a number costs about 0.1 µs to Get and to Set, without an allocation. The keys are spread over 8 to 64
// shards, by the number of CPUs, each with a lock, which is held while bytes are copied, never while they are
// encoded and decoded; a shard that must grow moves its table, some nanoseconds for each of its keys. An empty
// Dict takes about 700 bytes a shard, an entry its bytes and about 50 more. What entries have had is used again by others of about
// their size, and goes back to the arena, but for pieces of more than 3 KiB, with the Dict.
type Dict[K comparable, V any] struct {
	noCopy noCopy
	shards []dict.Shard
	user   *slab.User
	seed   *[2]uint64
	keys   codec.Keys[K]
	raw    bool // the memory of a V is its encoding
	*hold
}

// NewDict makes an empty dict. It panics if a K or a V cannot travel, naming the part that cannot; as make does, if the
// arena is full; and before Main.
func NewDict[K comparable, V any](opts ...Option) *Dict[K, V] {
	d, err := newDict[K, V](settle(opts))
	if err != nil {
		panic(err)
	}
	return d
}

func newDict[K comparable, V any](s settings) (*Dict[K, V], error) {
	t := reflect.TypeFor[map[K]V]() // which may travel if K and V may, and K is the same key over there
	if err := codec.Check(t); err != nil {
		return nil, err
	}
	a, err := family("NewDict")
	if err != nil {
		return nil, err
	}
	shards := dictShards(runtime.NumCPU())
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindDict, Name: s.name, Type: describe(t), Fingerprint: fingerprint(t), Size: dict.Memory(shards),
		Init: func(o *arena.Object) {
			arena.PayloadOf[arena.DictState](o).Dict.Init(shards, [2]uint64{rand.Uint64(), rand.Uint64()})
		},
	})
	if err != nil {
		return nil, err
	}
	d := new(Dict[K, V])
	d.attach(h)
	return d, nil
}

// dictShards is four for each CPU, or twice as many: two processes at work seldom meet then.
func dictShards(cpus int) int { return min(max(8, int(upToPower(uint64(4*cpus)))), dict.MaxShards) }

func (d *Dict[K, V]) attach(h *hold) {
	d.hold = h
	state := &arena.PayloadOf[arena.DictState](h.object).Dict
	d.shards, d.seed = state.All(h.object.Size), &state.Seed
	d.user = h.arena.in.SlabUser(h.object)
	d.keys, d.raw = codec.KeysOf[K](), codec.Raw[V]()
	collect(d, h)
}

// place is where a key belongs whose encoding this is.
func (d *Dict[K, V]) place(key []byte) (*dict.Shard, dict.Key) {
	k := dict.Key{Hash: dict.Hash(d.seed, key), Bytes: key}
	return dict.Of(d.shards, k), k
}

// encode is the encoding of a key: *k's own memory, or appended to b.
func (d *Dict[K, V]) encode(k *K, b []byte) (key, _ []byte, err error) {
	key, ok := d.keys.Memory(k)
	if !ok {
		n := len(b)
		if b, err = d.keys.Append(b, *k); err != nil {
			return nil, nil, err
		}
		key = b[n:]
	}
	if len(key) > dict.LargestKey {
		err = fmt.Errorf("mp: a key of %d bytes is too long for a Dict, which takes %d", len(key), dict.LargestKey)
	}
	return key, b, err
}

// mustEncode is encode for who has no error to return.
func (d *Dict[K, V]) mustEncode(k *K, b []byte) (key, _ []byte) {
	key, b, err := d.encode(k, b)
	if err != nil {
		panic(err)
	}
	return key, b
}

// seen and changing tell the race detector.
func (d *Dict[K, V]) seen() {
	if race.Enabled {
		d.shadow.Acquire()
	}
	runtime.KeepAlive(d)
}

func (d *Dict[K, V]) changing() {
	if race.Enabled {
		d.shadow.Release()
	}
}

// Get returns the value under k, a copy, and whether there is one.
func (d *Dict[K, V]) Get(k K) (v V, found bool) {
	if key, ok := d.keys.Memory(&k); ok && d.raw {
		shard, key := d.place(key)
		found = d.copyTo(&v, shard, key)
		return v, found
	}
	return d.take(k, false)
}

// copyTo copies a value, whose memory is its encoding, to *v.
func (d *Dict[K, V]) copyTo(v *V, shard *dict.Shard, key dict.Key) bool {
	memory := pod.Bytes(v)
	b, found := shard.Get(d.user, key, memory[:0:len(memory)])
	d.seen()
	if found && len(b) != len(memory) {
		panic(fmt.Sprintf("mp: corrupt arena: a value of %d bytes, and not %d, in a Dict", len(b), len(memory)))
	}
	return found
}

// Pop takes k out and returns what was under it, and whether there was anything.
func (d *Dict[K, V]) Pop(k K) (v V, found bool) {
	d.changing()
	return d.take(k, true)
}

func (d *Dict[K, V]) take(k K, pop bool) (v V, found bool) {
	buf := takeBuffer()
	encoded, b := d.mustEncode(&k, (*buf)[:0])
	n := len(b)
	shard, key := d.place(encoded)
	if pop {
		b, found = shard.Pop(d.user, key, b)
	} else {
		b, found = shard.Get(d.user, key, b)
	}
	d.seen()
	if found {
		v = mustDecode[V](b[n:])
	}
	giveBuffer(buf, b)
	return v, found
}

func mustDecode[T any](b []byte) T {
	v, err := codec.Decode[T](b)
	if err != nil {
		panic(err)
	}
	return v
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (d *Dict[K, V]) MarshalBinary() ([]byte, error) { return d.marshal(arena.KindDict) }

// UnmarshalBinary makes d a handle of the dict that another process's MarshalBinary named. It is an error that names
// both if its keys or values are of another type.
func (d *Dict[K, V]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindDict, reflect.TypeFor[map[K]V]())
	if err != nil {
		return err
	}
	d.attach(h)
	return nil
}
