//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

var putThem = mp.Proc2(func(ctx context.Context, q *mp.Queue[int], n int) error {
	_, err := q.PutMany(ctx, upTo(n))
	return err
})

// Many numbers, more than there is ever room for, come in batches, in order.
func TestPutManyGetMany(t *testing.T) {
	for _, max := range []int{0, 1, 7, 3000} {
		q := mp.NewQueue[int](max, mp.RingBytes(1<<14))
		p := start(t, putThem(q, 10_000))
		var got []int
		for vs := make([]int, 2000); len(got) < 10_000; {
			n, err := q.GetMany(context.Background(), vs)
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			got = append(got, vs[:n]...)
		}
		if !slices.Equal(got, upTo(10_000)) {
			t.Errorf("limit %d: they came as something else", max)
		}
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	}
}

func TestGetManyTakesWhatIsThere(t *testing.T) {
	q := mp.NewQueue[int](0)
	if n, err := q.PutMany(context.Background(), upTo(5)); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	vs := make([]int, 3)
	for _, want := range [][]int{{0, 1, 2}, {3, 4}} {
		if n, err := q.GetMany(context.Background(), vs); err != nil || !slices.Equal(vs[:n], want) {
			t.Errorf("got %v, %v, expected %v", vs[:n], err, want)
		}
	}
	if n, err := q.GetMany(context.Background(), nil); n != 0 || err != nil {
		t.Errorf("into nothing: %d, %v", n, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if n, err := q.GetMany(ended, vs); n != 0 || err != context.Canceled {
		t.Errorf("of nothing: %d, %v", n, err)
	}
	q.Shutdown()
	if n, err := q.GetMany(context.Background(), vs); n != 0 || !errors.Is(err, queue.ErrShutDown) {
		t.Errorf("after a shutdown: %d, %v", n, err)
	}
	if n, err := q.PutMany(context.Background(), vs); n != 0 || !errors.Is(err, queue.ErrShutDown) {
		t.Errorf("put after a shutdown: %d, %v", n, err)
	}
}

// What was put before the error is put, and n tells how much.
func TestPutManyIsCutShort(t *testing.T) {
	full := mp.NewQueue[int](3)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if n, err := full.PutMany(ended, upTo(5)); n != 3 || err != context.Canceled || full.Len() != 3 {
		t.Errorf("%d of 5 with room for 3: %v", n, err)
	}
	q := mp.NewQueue[any](0)
	if n, err := q.PutMany(context.Background(), []any{1, 2, func() {}, 4}); n != 2 || err == nil || q.Len() != 2 {
		t.Errorf("%d were put before one that cannot be: %v", n, err)
	}
}

// Messages that cannot be decoded are left out of a batch.
func TestGetManyLeavesOut(t *testing.T) {
	q := mp.NewQueue[spoils](0)
	if _, err := q.PutMany(context.Background(), []spoils{0, 1, 2, 1, 3}); err != nil {
		t.Fatal(err)
	}
	vs := make([]spoils, 5)
	n, err := q.GetMany(context.Background(), vs)
	if !slices.Equal(vs[:n], []spoils{0, 2, 3}) || err == nil {
		t.Errorf("got %v, %v", vs[:n], err)
	}
}

// A coding that panics leaves neither memory nor messages behind that nobody has.
func TestCodingPanics(t *testing.T) {
	panics := func(f func()) (with any) {
		defer func() { with = recover() }()
		f()
		return nil
	}
	q := mp.NewQueue[explosive](0, mp.RingBytes(64), mp.Name("explosive"))
	empty := memory(t, "explosive")
	fuse := explosive{make([]byte, 20_000)}
	if p := panics(func() { _, _ = q.PutMany(context.Background(), []explosive{fuse, {}, fuse}) }); p != "put" {
		t.Errorf("a batch panics with %v", p)
	}
	fuse.Bytes[0] = 1
	for i := range 4 {
		if err := q.Put(fuse); err != nil {
			t.Fatal(err)
		}
		if p := panics(func() {
			if i%2 == 0 {
				_, _ = q.Get()
			} else {
				_, _ = q.GetMany(context.Background(), make([]explosive, 3))
			}
		}); fmt.Sprint(p) != "got" {
			t.Errorf("it panics with %v", p)
		}
	}
	q.Shutdown()
	if used := memory(t, "explosive") - empty; used != 0 {
		t.Errorf("%d bytes are left over", used)
	}
}

// explosive panics: without bytes when it is put, and with a 1 in front when it is got.
type explosive struct{ Bytes []byte }

func (e explosive) MarshalBinary() ([]byte, error) {
	if e.Bytes == nil {
		panic("put")
	}
	return e.Bytes, nil
}

func (e *explosive) UnmarshalBinary(b []byte) error {
	if b[0] == 1 {
		panic("got")
	}
	e.Bytes = append([]byte(nil), b...)
	return nil
}
