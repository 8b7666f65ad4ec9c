//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// mail is a queue, and the books of who has put and got how much. It has room for a survivor more than there may be letters
// left over by a death.
type mail struct {
	Box   *mp.Queue[letter]
	Books *mp.RawValue[[4]book]
}

const room = 3

// book is what one process has begun and done, in words that it alone writes.
type book struct{ PutBegun, PutDone, GetBegun, GetDone int64 }

// letter is large enough that a torn one shows.
type letter struct {
	From   int
	Number int64
	Body   []byte
}

func newMail() mail {
	return mail{mp.NewQueue[letter](room, mp.RingBytes(1<<13), mp.Name("mail")), mp.NewRawValue([4]book{})}
}

func (m mail) book(who int) *book { return &m.Books.Ptr()[who] }

func (m mail) put(ctx context.Context, who int) error {
	b := m.book(who)
	n := atomic.AddInt64(&b.PutBegun, 1)
	l := letter{who, n, bytes.Repeat([]byte{byte(n)}, int(n*97%1500))}
	if err := m.Box.PutContext(ctx, l); err != nil {
		atomic.AddInt64(&b.PutBegun, -1)
		return err
	}
	atomic.AddInt64(&b.PutDone, 1)
	failpoint.Hit("crash: posted")
	return nil
}

func (m mail) get(ctx context.Context, who int) (l letter, err error) {
	b := m.book(who)
	atomic.AddInt64(&b.GetBegun, 1)
	if l, err = m.Box.GetContext(ctx); err != nil {
		atomic.AddInt64(&b.GetBegun, -1)
		return l, err
	}
	atomic.AddInt64(&b.GetDone, 1)
	failpoint.Hit("crash: letter in hand")
	return l, l.check()
}

func (l letter) check() error {
	if len(l.Body) != int(l.Number*97%1500) || !bytes.Equal(l.Body, bytes.Repeat([]byte{byte(l.Number)}, len(l.Body))) {
		return fmt.Errorf("a torn letter: %v", l)
	}
	return nil
}

// round puts first, so that a death costs nobody the letter that it waits for.
func (m mail) round(ctx context.Context, who int) error {
	if err := m.put(ctx, who); err != nil {
		return err
	}
	_, err := m.get(ctx, who)
	return err
}

// check is for when everybody is at rest: letters are there or taken, what a death has left open is decided by their number,
// and each producer's are in its order. It empties the box.
func (m mail) check(ctx context.Context) error {
	var sum book
	for _, b := range m.Books.Ptr() {
		sum.PutBegun, sum.PutDone = sum.PutBegun+b.PutBegun, sum.PutDone+b.PutDone
		sum.GetBegun, sum.GetDone = sum.GetBegun+b.GetBegun, sum.GetDone+b.GetDone
	}
	n := int64(m.Box.Len())
	if n < sum.PutDone-sum.GetBegun || n > sum.PutBegun-sum.GetDone {
		return fmt.Errorf("%d letters in the box, books %+v", n, sum)
	}
	var last [4]int64
	for range n {
		l, err := m.get(ctx, parent)
		if err != nil {
			return err
		}
		if l.Number <= last[l.From] {
			return fmt.Errorf("letter %d of %d behind its letter %d", l.Number, l.From, last[l.From])
		}
		last[l.From] = l.Number
	}
	*m.Books.Ptr() = [4]book{}
	return nil
}
