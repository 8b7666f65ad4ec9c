package mp

import (
	"sync"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/list"
)

// listElements are on their way in and out of lists.
var listElements = sync.Pool{New: func() any { return new(list.Elements) }}

func takeElements() *list.Elements { return listElements.Get().(*list.Elements) }

func giveElements(e *list.Elements) {
	if cap(e.Data)+8*cap(e.Words)+8*cap(e.Ends) <= keptBuffer {
		e.Reset()
		listElements.Put(e)
	}
}

// change encodes values and makes a change with them.
func (l *List[T]) change(v []T, how func(*list.Elements) error) error {
	e := takeElements()
	defer giveElements(e)
	for i := range v {
		if l.word {
			e.Words = append(e.Words, toWord(v[i]))
			continue
		}
		b, err := codec.Append(e.Data, v[i])
		if err != nil {
			return err
		}
		e.Data, e.Ends = b, append(e.Ends, len(b))
	}
	l.changing()
	err := how(e)
	l.seen() // and the handle lives as long
	return l.named(err)
}

// read gets element i.
func (l *List[T]) read(i int, e *list.Elements) (err error) {
	if l.word {
		var w uint64
		w, err = l.state.Word(l.user, i)
		e.Words = append(e.Words, w)
	} else {
		e.Data, err = l.state.Bytes(l.user, i, e.Data)
		e.Ends = append(e.Ends, len(e.Data))
	}
	l.seen()
	return l.named(err)
}

// copy gets up to most elements, and tells how many.
func (l *List[T]) copy(i, most int, e *list.Elements) int {
	l.state.Copy(l.user, i, most, e)
	l.seen()
	return l.count(e)
}

func (l *List[T]) count(e *list.Elements) int {
	if l.word {
		return len(e.Words)
	}
	return len(e.Ends)
}

// decode is one of them. Nothing in it points into e.
func (l *List[T]) decode(e *list.Elements, i int) T {
	if l.word {
		return fromWord[T](e.Words[i])
	}
	v, err := codec.Decode[T](e.At(i))
	if err != nil {
		panic(err)
	}
	return v
}

// named tells the list's name in an error.
func (l *List[T]) named(err error) error {
	if e, ok := err.(*IndexError); ok {
		e.List = l.object.Named()
	}
	return err
}

// must is for who has no error to return.
func (l *List[T]) must(err error) {
	if err != nil {
		panic(l.named(err))
	}
}
