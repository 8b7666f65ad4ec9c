package mp

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/pod"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Integer is what the processor adds at one instruction.
type Integer interface {
	~int | ~int32 | ~int64 | ~uint | ~uint32 | ~uint64 | ~uintptr
}

// Value is a T in shared memory. T is plain data without pointers: numbers, arrays, structs of them.
//
// It is made by [NewValue]; the handle travels as an argument and must not be copied. All methods may be
// called by any goroutine of any process of the family; a change synchronizes before every Load, Update or
// CompareAndSwap that sees it.
//
// Every change is whole or has not happened, also when the process that makes it is killed in the middle:
// there is nothing to recover. There is no lock to see: Python's get_lock is Update. A T of at most 8 bytes is
// one word, which Load, Store and Add treat at one instruction (a few ns), and CompareAndSwap too if T is of integers
// and bools. A larger T has two copies: Load copies without a lock, changes copy under one.
//
// For memory that nothing guards, and a pointer into it, see [RawValue].
type Value[T any] struct {
	noCopy noCopy
	state  *arena.ValueState
	me     uint32
	word   bool // T fits state.Word
	exact  bool // and Go's == compares all of it, and nothing but its bits
	*hold

	scratch T // what Update's f works on, if word: guarded by the lock, and here so as not to be allocated each time
}

// NewValue makes a shared T. It panics if T is not plain data, naming the field that is not; if the arena is
// full, as make does; and before Main.
func NewValue[T any](v T, opts ...Option) *Value[T] {
	t := mustPlain[T]()
	a, err := family("NewValue")
	if err == nil {
		var h *hold
		if h, err = a.create(valueSpec(t, v, settle(opts))); err == nil {
			made := new(Value[T])
			made.attach(h)
			return made
		}
	}
	panic(err)
}

func valueSpec[T any](t reflect.Type, v T, s settings) arena.ObjectSpec {
	size := sizeOf[T]()
	room := valueStateSize
	if size > 8 {
		room += 2 * arena.CopySize(size)
	}
	return arena.ObjectSpec{
		Kind: arena.KindValue, Name: s.name, Type: describe(t), Fingerprint: fingerprint(t), Size: room,
		Init: func(o *arena.Object) {
			state := arena.PayloadOf[arena.ValueState](o)
			state.Size = uint32(size)
			if size <= 8 {
				state.Word.Store(toWord(v))
			} else {
				*view[T](arena.PayloadBytes(o, valueStateSize, size)) = v
			}
		},
	}
}

func (v *Value[T]) attach(h *hold) {
	v.hold = h
	v.state = arena.PayloadOf[arena.ValueState](h.object)
	v.me = prim.Holder(h.arena.in.Me(), false)
	v.word = sizeOf[T]() <= 8
	v.exact = v.word && pod.Exact(reflect.TypeFor[T]())
	collect(v, h)
}

// Load returns the value, never a torn one.
func (v *Value[T]) Load() T {
	if v.word {
		w := v.state.Word.Load()
		runtime.KeepAlive(v)
		if race.Enabled {
			v.shadow.Acquire()
		}
		return fromWord[T](w)
	}
	return v.loadLarge()
}

// loadLarge copies without the lock as long as no two changes overtake it. Each try is a copy that a
// change has not spoiled; the lock bounds the tries.
func (v *Value[T]) loadLarge() (x T) {
	for range 8 {
		seq := v.state.Seq.Load()
		x = *v.copy(seq)
		if !overtaken(&v.state.Seq, seq) {
			runtime.KeepAlive(v)
			if race.Enabled {
				v.shadow.Acquire()
			}
			return x
		}
	}
	v.lock()
	defer v.unlock()
	return *v.copy(v.state.Seq.Load())
}

// loadsInOrder: this processor lets no load pass an earlier one.
const loadsInOrder = runtime.GOARCH == "amd64"

// overtaken tells whether what was just read, when seq was as given, may have changed meanwhile. Every load of it
// must come before the load of seq here. An atomic load does not see to that: it acquires, which keeps back what
// comes after it. But an atomic store releases, so that all earlier loads are done before it; and no atomic load passes
// an earlier atomic store, as Go's atomics have one order. On arm64 that is STLR between plain loads and LDAR. What
// is stored, and where, does not matter: nobody else sees it.
func overtaken(seq *atomic.Uint32, was uint32) bool {
	if !loadsInOrder {
		var fence atomic.Uint32
		fence.Store(1)
	}
	return seq.Load() != was
}

// copy is one of the two copies of a large value.
func (v *Value[T]) copy(seq uint32) *T {
	size := sizeOf[T]()
	return view[T](arena.PayloadBytes(v.object, valueStateSize+uint64(seq&1)*arena.CopySize(size), size))
}

// next is the copy that is not the value, made equal to it: whoever holds the lock may change it. Who reads it
// is late, and will find that out.
func (v *Value[T]) next(seq uint32) *T {
	failpoint.Hit("value: before copy")
	x := v.copy(seq + 1)
	*x = *v.copy(seq)
	return x
}

// commit makes the other copy the value.
func (v *Value[T]) commit(seq uint32) {
	failpoint.Hit("value: before commit")
	if race.Enabled {
		v.shadow.Release() // a Load may see it before the unlock
	}
	v.state.Seq.Store(seq + 1)
	failpoint.Hit("value: committed")
}

// swap makes the scratch the value of a word, unless another change came between.
func (v *Value[T]) swap(old uint64) bool {
	failpoint.Hit("value: before commit")
	if race.Enabled {
		v.shadow.Release() // a Load may see it before the unlock
	}
	if !v.state.Word.CompareAndSwap(old, toWord(v.scratch)) {
		return false
	}
	failpoint.Hit("value: committed")
	return true
}

// Store sets the value.
func (v *Value[T]) Store(x T) {
	if v.word {
		if race.Enabled {
			v.shadow.Release()
		}
		v.state.Word.Store(toWord(x))
		runtime.KeepAlive(v)
		return
	}
	v.Update(func(y *T) { *y = x })
}

// Update calls f with the value and stores what f makes of it. No other Update runs meanwhile, in any process,
// and nobody sees a part of the change: if f panics, or the process is killed in it, nothing happened.
//
// f works on a copy. If a Store, Add or CompareAndSwap of another comes between, which only a T of
// at most 8 bytes allows, f is called again with the new value. f must not keep the pointer, nor use v itself: it
// would wait for itself.
func (v *Value[T]) Update(f func(*T)) {
	v.lock()
	defer v.unlock() // which also keeps v alive until then
	if !v.word {
		seq := v.state.Seq.Load()
		f(v.next(seq))
		v.commit(seq)
		return
	}
	for {
		old := v.state.Word.Load()
		v.scratch = fromWord[T](old)
		f(&v.scratch)
		if v.swap(old) {
			return
		}
	}
}

// UpdateContext is Update unless f returns an error, or ctx ends while it waits for another's Update: then
// nothing happened, and the error is returned.
func (v *Value[T]) UpdateContext(ctx context.Context, f func(*T) error) (err error) {
	if !v.state.Lock.TryLock(v.me) {
		if err := v.state.Lock.LockSlow(ctx, v.me, v.arena.in.Parker(), &v.spin); err != nil {
			return err
		}
	}
	if race.Enabled {
		v.shadow.Acquire()
	}
	defer v.unlock()
	if !v.word {
		seq := v.state.Seq.Load()
		if err = f(v.next(seq)); err == nil {
			v.commit(seq)
		}
		return err
	}
	for err == nil {
		old := v.state.Word.Load()
		v.scratch = fromWord[T](old)
		if err = f(&v.scratch); err == nil && v.swap(old) {
			break
		}
	}
	return err
}

// CompareAndSwap sets the value to new if it equals old, by Go's ==, and tells whether it did. For a T of at most 8 bytes
// that consists of integers and bools without gaps it is one instruction, which waits for nobody; otherwise an
// Update, as of two floats that are equal the bits can differ.
func (v *Value[T]) CompareAndSwap(old, new T) bool {
	if v.exact {
		return v.swapWord(toWord(old), toWord(new))
	}
	swapped := false
	v.Update(func(x *T) {
		if swapped = any(*x) == any(old); swapped {
			*x = new
		}
	})
	return swapped
}

func (v *Value[T]) swapWord(old, new uint64) bool {
	if race.Enabled {
		v.shadow.Release()
	}
	swapped := v.state.Word.CompareAndSwap(old, new)
	runtime.KeepAlive(v)
	if race.Enabled {
		v.shadow.Acquire()
	}
	return swapped
}

// Add adds delta at one instruction and returns the sum, which wraps around as Go's integers do.
func Add[T Integer](v *Value[T], delta T) T {
	if race.Enabled {
		v.shadow.Release()
	}
	sum := addWord(&v.state.Word, delta)
	if race.Enabled {
		v.shadow.Acquire()
	}
	runtime.KeepAlive(v)
	return sum
}

func (v *Value[T]) lock() {
	if !v.state.Lock.TryLock(v.me) {
		v.lockSlow()
	}
	if race.Enabled {
		v.shadow.Acquire()
	}
}

func (v *Value[T]) lockSlow() {
	// A value's lock is never abandoned: a death frees it, as no change can be half done.
	if err := v.state.Lock.LockSlow(background, v.me, v.arena.in.Parker(), &v.spin); err != nil {
		panic(fmt.Sprintf("mp: corrupt arena: the lock of a value: %v", err))
	}
}

func (v *Value[T]) unlock() {
	if race.Enabled {
		v.shadow.Release()
	}
	if !v.state.Lock.Unlock(v.me) {
		_ = v.state.Lock.UnlockSlow(v.me, v.arena.in.Parker())
	}
	runtime.KeepAlive(v)
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (v *Value[T]) MarshalBinary() ([]byte, error) { return v.marshal(arena.KindValue) }

// UnmarshalBinary makes v a handle of the value that another process's MarshalBinary named. It is an error
// that names both if the value is of another type.
func (v *Value[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindValue, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	v.attach(h)
	return nil
}
