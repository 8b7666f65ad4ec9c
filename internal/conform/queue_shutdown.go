package conform

import (
	"testing"

	"github.com/multiproc/mp/internal/refusal"
)

func expectShut(t *testing.T, q Queuer) {
	t.Helper()
	expect(t, q.Put(1), refusal.ErrShutDown)
	expect(t, q.TryPut(1), refusal.ErrShutDown)
	expect(t, q.PutContext(ended(), 1), refusal.ErrShutDown)
}

func expectOver(t *testing.T, q Queuer) {
	t.Helper()
	expectShut(t, q)
	_, err := q.Get()
	expect(t, err, refusal.ErrShutDown)
	_, err = q.TryGet()
	expect(t, err, refusal.ErrShutDown)
	_, err = q.GetContext(ended())
	expect(t, err, refusal.ErrShutDown)
	if n := q.Len(); n != 0 {
		t.Errorf("%d are left after the shutdown", n)
	}
}

func queueShutdownEmpty(t *testing.T, p places) {
	q := p.New(t, 0)
	q.Shutdown()
	expectOver(t, q)
}

func queueShutdownNonempty(t *testing.T, p places) {
	q := p.New(t, 0)
	mustPut(t, q, 1)
	q.Shutdown()
	expectShut(t, q)
	mustGet(t, q, 1)
	expectOver(t, q)
}

func queueShutdownNow(t *testing.T, p places) {
	q := p.New(t, 0)
	mustPut(t, q, 1, 2, 3)
	q.ShutdownNow()
	expectOver(t, q)
}

func queueShutdownTwice(t *testing.T, p places) {
	q := p.New(t, 0)
	mustPut(t, q, 1, 2)
	q.Shutdown()
	q.Shutdown()
	expectShut(t, q)
	if q.Len() != 2 {
		t.Errorf("two shutdowns have left %d items of 2", q.Len())
	}
	q.ShutdownNow()
	expectOver(t, q)
	q.ShutdownNow()
	q.Shutdown()
	expectOver(t, q)
}

func queueShutdownGetters(t *testing.T, p places) {
	for _, shutdown := range []func(Queuer){Queuer.Shutdown, Queuer.ShutdownNow} {
		q := p.New(t, 0)
		a, b := p.get(q), p.get(q)
		shutdown(q)
		for _, c := range []*call{a, b} {
			c.returns(t, refusal.ErrShutDown)
		}
	}
}

func queueShutdownGet(t *testing.T, p places) {
	q := p.New(t, 2)
	mustPut(t, q, 1, 2)
	q.Shutdown()
	a, b, c := p.get(q), p.get(q), p.get(q)
	refused := 0
	for _, x := range []*call{a, b, c} {
		if <-x.done; x.err != nil {
			expect(t, x.err, refusal.ErrShutDown)
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d of 3 getters of 2 items were refused", refused)
	}
}

func queueShutdownNowGet(t *testing.T, p places) {
	q := p.New(t, 2)
	mustPut(t, q, 1, 2)
	q.ShutdownNow()
	a, b := p.get(q), p.get(q)
	a.returns(t, refusal.ErrShutDown)
	b.returns(t, refusal.ErrShutDown)
}

// putters that wait put nothing: what was there before can be got, or was dropped.
func shutdownPutters(t *testing.T, p places, shutdown func(Queuer), left int) {
	q := p.New(t, 2)
	mustPut(t, q, 1, 2)
	a, b := p.put(q, 3), p.put(q, 4)
	a.waits(t)
	b.waits(t)
	shutdown(q)
	a.returns(t, refusal.ErrShutDown)
	b.returns(t, refusal.ErrShutDown)
	if q.Len() != left {
		t.Errorf("%d are left, expected %d", q.Len(), left)
	}
	for range left {
		v, err := q.Get()
		if expect(t, err, nil); v > 2 {
			t.Errorf("got %d of a put that was refused", v)
		}
	}
	expectOver(t, q)
}

func queueShutdownPut(t *testing.T, p places) { shutdownPutters(t, p, Queuer.Shutdown, 2) }

func queueShutdownNowPut(t *testing.T, p places) { shutdownPutters(t, p, Queuer.ShutdownNow, 0) }
