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

// jobs is a queue of tasks, and the books of who has put, got and done how much.
type jobs struct {
	Box   *mp.JoinableQueue[letter]
	Books *mp.RawValue[[4]work]
}

// work is what one process has begun and ended, in words that it alone writes. What it put back it has neither done nor got.
type work struct{ PutBegun, PutDone, DoneBegun, DoneEnded int64 }

// newJobs makes a queue that has had more in it than will ever be: what it has of the arena it keeps.
func newJobs() jobs {
	j := jobs{mp.NewJoinableQueue[letter](room, mp.Name("jobs")), mp.NewRawValue([4]work{})}
	var all []mp.Message[letter]
	for n := range int64(24) {
		_ = j.Box.Put(letter{Body: make([]byte, length(2*n+1))}) // there is room
		m, _ := j.Box.Get()
		all = append(all, m)
	}
	for _, m := range all {
		m.TaskDone()
	}
	return j
}

func (j jobs) book(who int) *work { return &j.Books.Ptr()[who] }

// length is that of a job: every second one is too long for a cell of a chunk.
func length(n int64) int {
	if n%2 == 0 {
		return 3100 + int(n*97%2000)
	}
	return int(n % 4 * 300)
}

func (j jobs) put(ctx context.Context, who int) error {
	b := j.book(who)
	n := atomic.AddInt64(&b.PutBegun, 1)
	if err := j.Box.PutContext(ctx, letter{who, n, bytes.Repeat([]byte{byte(n)}, length(n))}); err != nil {
		atomic.AddInt64(&b.PutBegun, -1)
		return err
	}
	atomic.AddInt64(&b.PutDone, 1)
	failpoint.Hit("crash: job put")
	return nil
}

func (j jobs) get(ctx context.Context) (mp.Message[letter], error) {
	m, err := j.Box.GetContext(ctx)
	if err != nil {
		return m, err
	}
	failpoint.Hit("crash: job in hand")
	if l := m.Value; len(l.Body) != length(l.Number) || !bytes.Equal(l.Body, bytes.Repeat([]byte{byte(l.Number)}, len(l.Body))) {
		return m, fmt.Errorf("a torn job: %v", l)
	}
	return m, nil
}

func (j jobs) end(m mp.Message[letter], who int) {
	b := j.book(who)
	atomic.AddInt64(&b.DoneBegun, 1)
	m.TaskDone()
	atomic.AddInt64(&b.DoneEnded, 1)
	failpoint.Hit("crash: job done")
}

// do gets a job and does it.
func (j jobs) do(ctx context.Context, who int) error {
	m, err := j.get(ctx)
	if err == nil {
		j.end(m, who)
	}
	return err
}

// round puts first, so that there is a job for everybody who comes. Now and then it is put back first.
func (j jobs) round(ctx context.Context, who int) error {
	if err := j.put(ctx, who); err != nil {
		return err
	}
	m, err := j.get(ctx)
	if err != nil {
		return err
	}
	if m.Value.Number%4 == 1 && m.Delivery == 1 {
		m.PutBack()
		failpoint.Hit("crash: job put back")
		if m, err = j.get(ctx); err != nil {
			return err
		}
	}
	j.end(m, who)
	return nil
}

// check is for when everybody is at rest: a job is there or done, whoever had it in hand and died; those that come again come
// first, and each producer's are in its order. It does them, and Join agrees.
func (j jobs) check(ctx context.Context) error {
	var sum work
	for _, b := range j.Books.Ptr() {
		sum.PutBegun, sum.PutDone = sum.PutBegun+b.PutBegun, sum.PutDone+b.PutDone
		sum.DoneBegun, sum.DoneEnded = sum.DoneBegun+b.DoneBegun, sum.DoneEnded+b.DoneEnded
	}
	n := int64(j.Box.Len())
	if n < sum.PutDone-sum.DoneBegun || n > sum.PutBegun-sum.DoneEnded {
		return fmt.Errorf("%d jobs in the box, books %+v", n, sum)
	}
	var last [4]int64
	fresh := false
	for range n {
		m, err := j.get(ctx)
		if err != nil {
			return err
		}
		l := m.Value
		if l.Number <= last[l.From] || fresh && m.Delivery > 1 {
			return fmt.Errorf("job %d of %d, delivery %d, behind its job %d, and one that was never delivered: %t", l.Number, l.From, m.Delivery, last[l.From], fresh)
		}
		last[l.From] = l.Number
		fresh = m.Delivery == 1
		m.TaskDone()
	}
	*j.Books.Ptr() = [4]work{}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := j.Box.JoinContext(ctx); err != nil {
		return fmt.Errorf("all jobs are done, and Join says %w", err)
	}
	return nil
}
