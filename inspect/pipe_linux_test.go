package inspect

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
)

func piped(t *testing.T, a *arena.Arena, sizes [2]uint64) (*arena.Object, *arena.PipeState) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{
		Kind: arena.KindPipe, Name: "line", Type: "int, int", Size: arena.PipeSize(sizes), Init: func(o *arena.Object) { a.InitPipe(o, sizes) },
	})
	return o, arena.PayloadOf[arena.PipeState](o)
}

func TestSnapshotOfAPipe(t *testing.T) {
	a := kin(t, "kin")
	o, _ := piped(t, a, [2]uint64{256, 512})
	u, err := a.PipeUser(o, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := a.PipeRing(o, 1).TryPut(u, make([]byte, 40)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.PipeRing(o, 1).TryPut(u, make([]byte, 200)); err != nil {
		t.Fatal(err)
	}
	p := find(t, snapshot(t, a), "line").Pipe
	me := []int{os.Getpid()}
	if p == nil || !slices.Equal(p.Ends[0], me) || !slices.Equal(p.Ends[1], me) || p.Waited() {
		t.Fatalf("pipe %+v", p)
	}
	if there, back := p.Sent[0], p.Sent[1]; there.Len != 0 || there.Ring != 256 || back.Len != 4 || back.Ring != 512 || back.Bytes != 3*48+208 || back.Blocks.Count != 1 || there.Blocks.Count != 0 {
		t.Errorf("sent %+v, %+v", there, back)
	}
	clean(t, watch(t, a))
	a.LeaveEnd(o, 1)
	p = find(t, snapshot(t, a), "line").Pipe
	if len(p.Ends[1]) != 0 || !p.Sent[0].Shut || !p.Sent[1].Shut || p.Sent[1].Len != 4 {
		t.Errorf("after the end of one: %+v", p)
	}
	clean(t, watch(t, a))
	if a.JoinEnd(o, 1) {
		t.Error("an end that is gone has come back")
	}
}

func TestSnapshotOfAOneWayPipe(t *testing.T) {
	a := kin(t, "kin")
	piped(t, a, [2]uint64{0, 256})
	p := find(t, snapshot(t, a), "line").Pipe
	if p.Sent[0] != nil || p.Sent[1].Ring != 256 {
		t.Errorf("sent %+v", p.Sent)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsWrongPipes(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(s *arena.PipeState)
		want string
	}{
		{"a size", func(s *arena.PipeState) { s.Sizes[0] = 1 << 40 }, "one that fits in the object"},
		{"another size", func(s *arena.PipeState) { s.Sizes[1] = 128 }, "128 bytes"},
		{"a holder that is none", func(s *arena.PipeState) { s.Ends[1].Enter(77) }, "processes that hold the object"},
		{"an end that nobody holds", func(s *arena.PipeState) { s.Ends[1].Holders[0].Store(0) }, "shut, as nobody holds an end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			_, s := piped(t, a, [2]uint64{256, 256})
			w := watch(t, a)
			clean(t, w)
			c.harm(s)
			found := w.Check()
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", found, c.want)
			}
		})
	}
}
