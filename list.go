package mp

import (
	"iter"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/list"
	"github.com/multiproc/mp/internal/pod"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/slab"
)

// List is a growing list in shared memory. T is any value that can be an argument of a process.
//
// It is made by [NewList]; the handle travels as an argument and must not be copied. All methods may be called by any
// goroutine of any process of the family. A change synchronizes before every call that sees it.
//
// An index below 0 counts from the end, at the moment of the call: At(-1) is the last element, whoever else appends. One that
// there is none of is an [*IndexError], which the methods that return no error panic with.
//
// Every change is whole or has not happened, also of many elements, and also when the process that makes it is
// killed in the middle: there is nothing to recover, and nobody waits for the dead. A process that is stopped in the middle of
// a call, by SIGSTOP, holds the others up until it continues. If the arena is full, what needs memory returns
// *[ArenaFullError] and nothing has changed; Pop and Clear need none.
//
// What comes in is encoded before anything is done, and is not kept; what comes out is a copy: to change what is in
// the List, Set it, or Update. No function of yours runs under a lock: those of Update, Sort and DeleteFunc run on copies,
// and again if others have changed what they were made of.
//
// A handle in an element keeps nothing alive: keep the object as long as it is in the List. To get one whose object is gone
// panics with what the codec says of it.
//
// At, Set, Append, and Pop at either end cost 0.1 to 0.2 µs where T is plain data of 8 bytes at most, which takes 8 bytes
// of the arena an element; others up to twice that and the copy of their bytes, and about 40 bytes an element besides. Insert and Pop in
// the middle copy up to 3 KiB of index. Sort, Reverse, DeleteFunc, Clear and Snapshot hold the others up while they copy the
// index, and Snapshot and Sort the elements too. A List keeps the memory of its largest time, but for elements of more than 3 KiB,
// until it is dropped.
type List[T any] struct {
	noCopy noCopy
	state  *list.List
	user   *slab.User
	word   bool // an element is a word
	*hold
}

// IndexError: a list has no element with this Index. Len is how many it had then, List its name.
type IndexError = list.IndexError

// NewList makes an empty list. It panics if a T cannot travel, naming the part that cannot; as make does, if the arena is
// full; and before Main.
func NewList[T any](opts ...Option) *List[T] {
	l, err := newList[T](settle(opts))
	if err != nil {
		panic(err)
	}
	return l
}

func newList[T any](s settings) (*List[T], error) {
	t := reflect.TypeFor[T]()
	if err := codec.Check(t); err != nil {
		return nil, err
	}
	a, err := family("NewList")
	if err != nil {
		return nil, err
	}
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindList, Name: s.name, Type: describe(t), Fingerprint: fingerprint(t), Size: listStateSize,
		Init: func(o *arena.Object) { arena.PayloadOf[arena.ListState](o).List.Width = listWidth[T](t) },
	})
	if err != nil {
		return nil, err
	}
	l := new(List[T])
	l.attach(h)
	return l, nil
}

// listWidth is the size of a T that is a word of a list; else 0.
func listWidth[T any](t reflect.Type) uint64 {
	if size := sizeOf[T](); size <= 8 && pod.Check(t) == nil {
		return size
	}
	return 0
}

func (l *List[T]) attach(h *hold) {
	l.hold = h
	l.state = &arena.PayloadOf[arena.ListState](h.object).List
	l.user = h.arena.in.SlabUser(h.object)
	l.word = listWidth[T](reflect.TypeFor[T]()) != 0
	collect(l, h)
}

// Len is how many elements there are. It waits for nobody.
func (l *List[T]) Len() int {
	defer runtime.KeepAlive(l)
	return l.state.Count()
}

// At returns element i.
func (l *List[T]) At(i int) T {
	if l.word {
		w, err := l.state.Word(l.user, i)
		l.seen()
		l.must(err)
		return fromWord[T](w)
	}
	e := takeElements()
	defer giveElements(e)
	l.must(l.read(i, e))
	return l.decode(e, 0)
}

// Set changes element i. Its errors: *[IndexError]; *[ArenaFullError]; and what the encoding of v says, if this v
// cannot travel. Nothing has changed then.
func (l *List[T]) Set(i int, v T) error {
	return l.change([]T{v}, func(e *list.Elements) error { return l.state.Set(l.user, i, e) })
}

// Append puts elements behind the last: all of them, next to each other, or none. Its errors are those of Set, without
// *IndexError.
func (l *List[T]) Append(v ...T) error {
	return l.change(v, func(e *list.Elements) error { return l.state.Append(l.user, e) })
}

// Insert puts elements before element i, or behind the last if i is Len, as Append does. Its errors are those of Set.
func (l *List[T]) Insert(i int, v ...T) error {
	return l.change(v, func(e *list.Elements) error { return l.state.Insert(l.user, i, e) })
}

// Pop takes element i out and returns it: Pop(-1) the last, Pop(0) the first. It returns false if there is none with this
// index.
func (l *List[T]) Pop(i int) (v T, ok bool) {
	l.changing()
	e := takeElements()
	defer giveElements(e)
	err := l.state.Pop(l.user, i, e)
	l.seen()
	if err != nil {
		return v, false
	}
	return l.decode(e, 0), true
}

// Update changes element i to what f returns for it. f runs outside of any lock, and again if the element has another value by
// then; if it panics, or is killed, nothing has happened. The errors are those of Set.
func (l *List[T]) Update(i int, f func(T) T) error {
	old := takeElements()
	defer giveElements(old)
	for done := false; !done; {
		old.Reset()
		if err := l.read(i, old); err != nil {
			return err
		}
		err := l.change([]T{f(l.decode(old, 0))}, func(e *list.Elements) (err error) {
			done, err = l.state.SetIf(l.user, i, old, e)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Clear takes all elements out.
func (l *List[T]) Clear() {
	l.changing()
	l.state.Clear(l.user)
	runtime.KeepAlive(l)
}

// chunk is how many elements All copies at a time.
const chunk = 128

// All yields the elements by index, until there is none with the next one. It copies them 128 at a time, each time as they are at
// that moment: of changes by others while it runs it sees those further on. If elements come or go before the
// place where it is, it meets some twice, or not at all: for what was there at one moment there is Snapshot.
func (l *List[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		e := takeElements()
		defer giveElements(e)
		for i, n := 0, chunk; n == chunk; i += n {
			e.Reset()
			n = l.copy(i, chunk, e)
			for k := range n {
				if !yield(i+k, l.decode(e, k)) {
					return
				}
			}
		}
	}
}

// Snapshot returns the elements as they are at one moment.
func (l *List[T]) Snapshot() []T {
	v, _ := l.snapshot()
	return v
}

// IndexFunc returns the first index at which All meets an element that f is true for, or -1. f runs outside of any lock: the
// element may have another index by then.
func (l *List[T]) IndexFunc(f func(T) bool) int {
	for i, v := range l.All() {
		if f(v) {
			return i
		}
	}
	return -1
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (l *List[T]) MarshalBinary() ([]byte, error) { return l.marshal(arena.KindList) }

// UnmarshalBinary makes l a handle of the list that another process's MarshalBinary named. It is an error that names both if
// its elements are of another type.
func (l *List[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindList, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	l.attach(h)
	return nil
}

// seen and changing tell the race detector.
func (l *List[T]) seen() {
	if race.Enabled {
		l.shadow.Acquire()
	}
	runtime.KeepAlive(l)
}

func (l *List[T]) changing() {
	if race.Enabled {
		l.shadow.Release()
	}
}
