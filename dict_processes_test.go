//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// Several processes count the same words: none is lost.
func TestDictBetweenProcesses(t *testing.T) {
	const processes, each, keys = 4, 300, 7
	d := mp.NewDict[string, counted](mp.Name("counts"))
	var g mp.Group
	for i := range processes {
		g.Start(context.Background(), countAll(d, i, each))
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for k, v := range d.All() {
		if err := v.check(k); err != nil {
			t.Error(err)
		}
		sum += v.N
	}
	if sum != processes*each {
		t.Errorf("%d counted, of %d", sum, processes*each)
	}
	if d.Len() != 7+processes {
		t.Errorf("%d keys", d.Len())
	}
}

// counted has a body whose length changes with each update.
type counted struct {
	N    int
	Key  string
	Body []byte
}

func (c counted) check(key string) error {
	if want := bytes.Repeat([]byte{byte(c.N)}, c.N*37%5000); c.Key != key || !bytes.Equal(c.Body, want) {
		return fmt.Errorf("torn: %q has the value of %q, count %d, with %d bytes", key, c.Key, c.N, len(c.Body))
	}
	return nil
}

var countAll = mp.Proc3(func(_ context.Context, d *mp.Dict[string, counted], me, n int) (err error) {
	for i := range n {
		key := fmt.Sprint("key ", i%7)
		if i%10 == 0 {
			key = fmt.Sprint("mine ", me)
		}
		_, failed := d.Update(key, func(old counted, found bool) counted {
			if found {
				err = errors.Join(err, old.check(key))
			}
			return counted{old.N + 1, key, bytes.Repeat([]byte{byte(old.N + 1)}, (old.N+1)*37%5000)}
		})
		if err = errors.Join(err, failed); err != nil {
			return err
		}
	}
	return nil
})

// Handles in a Dict arrive as handles.
func TestDictOfHandles(t *testing.T) {
	d, done := mp.NewDict[string, *mp.Semaphore](), mp.NewSemaphore(0)
	if err := d.Set("done", done); err != nil {
		t.Fatal(err)
	}
	p := start(t, releaseNamed(d))
	within(t, 20*time.Second, "the child finds the semaphore", done.Acquire)
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

var releaseNamed = mp.Proc(func(_ context.Context, d *mp.Dict[string, *mp.Semaphore]) error {
	s, found := d.Get("done")
	if !found {
		return errors.New("it is not there")
	}
	s.Release()
	return nil
})
