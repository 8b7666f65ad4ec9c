//go:build linux

package crash

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
)

// permits is what both semaphores can.
type permits interface {
	TryAcquire() bool
	AcquireContext(ctx context.Context) error
	Release()
	ReleaseN(n int)
	Value() int
}

const permitBound = 3

var (
	boundedClient = mp.Proc3(func(ctx context.Context, j journal, s *mp.BoundedSemaphore, stop *mp.Value[int32]) error {
		permitClient(ctx, j, s, stop, false)
		return nil
	})
	// semaphoreClient releases what it did not acquire, too: else the dead would soon have taken all permits with them.
	semaphoreClient = mp.Proc3(func(ctx context.Context, j journal, s *mp.Semaphore, stop *mp.Value[int32]) error {
		permitClient(ctx, j, s, stop, true)
		return nil
	})
)

// permitClient acquires, tries, gives up, asks and releases, one or all.
func permitClient(ctx context.Context, j journal, s permits, stop *mp.Value[int32], generous bool) {
	r := rand.New(rand.NewPCG(3, uint64(j.Me)))
	has := int64(0)
	for stop.Load() == 0 && !j.full() {
		switch n := r.IntN(8); {
		case n == 0:
			j.do(opValue, 0, 0, func() int64 { return int64(s.Value()) })
		case n <= 2:
			j.do(opTryAcquire, 0, 0, func() int64 { return acquired(s.TryAcquire(), outBusy, &has) })
		case n <= 4:
			wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
			j.do(opAcquire, 0, 0, func() int64 { return acquired(s.AcquireContext(wait) == nil, outCancelled, &has) })
			cancel()
		case has > 1 && n == 5:
			j.do(opRelease, has, 0, func() int64 { s.ReleaseN(int(has)); return outDone })
			has = 0
		case has > 0 || generous && n == 6:
			j.do(opRelease, 1, 0, func() int64 { s.Release(); return outDone })
			has = max(0, has-1)
		}
		if r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.IntN(150)) * time.Microsecond)
		}
	}
}

func acquired(ok bool, otherwise int64, has *int64) int64 {
	if !ok {
		return otherwise
	}
	*has++
	return outDone
}

// permitState is a semaphore as its specification has it.
type permitState struct {
	left int64
	held [2*historyKills + 1]int64 // by process; of a semaphore that knows no owners all are 0
}

// permitModel is the specification of both: bounded is what a death makes different.
func permitModel(bounded bool) porcupine.NondeterministicModel {
	return porcupine.NondeterministicModel{
		Init: func() []any { return []any{permitState{left: permitBound}} },
		Step: func(state, in, out any) []any {
			s, i, o := state.(permitState), in.(input), out.(output)
			next, can := s.step(i, bounded)
			switch {
			case o.pending && can:
				return []any{s, next}
			case o.pending, o.out == outCancelled && i.op == opAcquire:
				return []any{s}
			case i.op == opValue && o.out == s.left, o.out == outBusy && i.op == opTryAcquire && s.left == 0:
				return []any{s}
			case i.op != opValue && o.out == outDone && can:
				return []any{next}
			}
			return nil
		},
	}
}

// step is what the operation does if it does anything, and whether it can.
func (s permitState) step(i input, bounded bool) (next permitState, can bool) {
	n := int64(0) // permits to the process
	switch i.op {
	case opAcquire, opTryAcquire:
		n = 1
	case opRelease:
		n = -i.in1
	case opDie:
		n = -s.held[i.client]
	}
	s.left -= n
	if bounded {
		s.held[i.client] += n
	}
	return s, s.left >= 0 && s.held[i.client] >= 0
}

func TestSemaphoreHistories(t *testing.T) {
	t.Run("bounded", func(t *testing.T) {
		for range 4 {
			s := mp.NewBoundedSemaphore(permitBound)
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return boundedClient(j, s, stop) })
			c.judge(t, permitModel(true), porcupine.Ok)
		}
	})
	t.Run("unbounded", func(t *testing.T) {
		for range 3 {
			s := mp.NewSemaphore(permitBound)
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return semaphoreClient(j, s, stop) })
			c.judge(t, permitModel(false), porcupine.Ok)
		}
	})
}

// The specification refuses what must not be: the permits of the dead that do not return.
func TestSemaphoreHistoriesCanFail(t *testing.T) {
	model := permitModel(true)
	for range 10 { // until somebody dies with a permit and the others notice
		s := mp.NewSemaphore(permitBound)
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return semaphoreClient(j, s, stop) })
		if result := porcupine.CheckOperationsTimeout(model.ToModel(), c.history, 20*time.Second); result == porcupine.Illegal {
			return
		}
	}
	t.Error("a semaphore without owners passes for one that has them")
}
