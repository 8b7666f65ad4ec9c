package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/tasks"
)

// tasked3 is a queue with three messages, of which this process has the first in hand.
func tasked3(t *testing.T, a *arena.Arena) *tasks.Tasks {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindJoinableQueue, Name: "jobs", Type: "int", Size: joinableSize})
	s := arena.PayloadOf[arena.JoinableQueueState](o)
	u := a.TasksUser(o, a.Hand(s))
	for range 3 {
		if err := s.Tasks.TryPut(u, make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Tasks.TryTake(u); err != nil {
		t.Fatal(err)
	}
	return &s.Tasks
}

func TestSnapshotOfTasks(t *testing.T) {
	a := kin(t, "kin")
	tasked3(t, a)
	q := find(t, snapshot(t, a), "jobs").Tasks
	if q == nil || q.Len != 2 || q.Bytes != 2*56 || q.Unfinished != 3 || q.Shut || len(q.InHand) != 1 || q.InHand[0].Messages != 1 || q.InHand[0].Delivery != 1 {
		t.Errorf("tasks %+v", q)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsWrongTasks(t *testing.T) {
	for want, harm := range map[string]func(q *tasks.Tasks){
		"messages of":                 func(q *tasks.Tasks) { q.Len++ },
		"the last message is at":      func(q *tasks.Tasks) { q.Last = q.First },
		"sleeping consumers beside 2": func(q *tasks.Tasks) { q.Data.Store(1) },
		"in hand of slot":             func(q *tasks.Tasks) { q.Gone++ },
		"in hand, which should be 2":  func(q *tasks.Tasks) { q.Puts++ },
		"a cell of the heap":          func(q *tasks.Tasks) { q.First = 8 },
		"its newest chunk has":        func(q *tasks.Tasks) { q.Slab.Fresh = q.Slab.End + 8 },
	} {
		t.Run(want, func(t *testing.T) {
			a := kin(t, "kin")
			q := tasked3(t, a)
			w := watch(t, a)
			clean(t, w)
			harm(q)
			if found := w.Check(); !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), want) }) {
				t.Errorf("got %v", found)
			}
		})
	}
}
