package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

func snapshot(t testing.TB, a *arena.Arena) *Snapshot {
	t.Helper()
	s, err := watch(t, a).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func find(t testing.TB, s *Snapshot, name string) *Object {
	t.Helper()
	i := slices.IndexFunc(s.Objects, func(o Object) bool { return o.Name == name })
	if i < 0 {
		t.Fatalf("no object %q in %+v", name, s.Objects)
	}
	return &s.Objects[i]
}

func TestSnapshotOfTheFamily(t *testing.T) {
	a := kin(t, "kin")
	b := relative(t, a)
	s := snapshot(t, a)
	exe, _ := os.Executable()
	if i := s.Arena; i.Name != "kin" || i.Program != exe || i.Size != arena.MinSize || i.Version != arena.Version || i.ID != a.Header().ID || time.Since(i.Created) > time.Minute || i.PIDNamespace == 0 {
		t.Errorf("arena %+v", i)
	}
	if len(s.Processes) != 2 {
		t.Fatalf("%d processes", len(s.Processes))
	}
	first, second := s.Processes[0], s.Processes[1]
	if first.Name != "MainProcess" || first.Parent != nil || first.PID != os.Getpid() || first.State != "live" || !first.Alive || !slices.Contains(first.NSPID, os.Getpid()) {
		t.Errorf("first process %+v", first)
	}
	if second.Name != "relative" || second.Parent == nil || second.Parent.Name != "MainProcess" || second.ID != b.Me() || !second.Alive || !second.Ended.IsZero() {
		t.Errorf("second process %+v", second)
	}
	b.Exit(3)
	b.die(t)
	if p := snapshot(t, a).Processes[1]; p.Alive || p.State != "exited" || p.Exit == nil || *p.Exit != 3 {
		t.Errorf("a dead process that nobody has swept: %+v", p)
	}
	a.Bury(b.Me())
	if s := snapshot(t, a); len(s.Processes) != 1 {
		t.Errorf("a swept process is still there: %+v", s.Processes)
	}
}

func TestSnapshotOfLocks(t *testing.T) {
	a := kin(t, "kin")
	b := relative(t, a)
	_, mine := lock(t, a, "mine")
	lock(t, a, "free")
	theirObject, theirs := lock(t, a, "theirs")
	mine.Lock.TryLock(prim.Holder(a.Me(), true))
	theirs.Lock.TryLock(prim.Holder(b.Me(), true))
	if _, err := b.Open(theirObject.Handle(), arena.KindLock, 0, "mp.Lock"); err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, a)
	if o := find(t, s, "free"); o.Lock == nil || *o.Lock != (Lock{State: "free"}) || o.Kind != "Lock" || o.Size != lockSize || o.Creator.Name != "MainProcess" {
		t.Errorf("free lock %+v %+v", o, o.Lock)
	}
	if l := find(t, s, "mine").Lock; l.State != "held" || l.Holder.Name != "MainProcess" || l.Holder.PID != os.Getpid() || l.Waited {
		t.Errorf("held lock %+v", l)
	}
	if o := find(t, s, "theirs"); o.Lock.State != "held" || o.Lock.Holder.Name != "relative" || !slices.Equal(o.Holders, []int{os.Getpid(), os.Getpid()}) {
		t.Errorf("lock of the relative %+v", o)
	}
	if s.Arena.Objects != 3 || s.Arena.BytesUsed != 3*512 {
		t.Errorf("arena %+v", s.Arena)
	}
	b.die(t)
	a.Bury(b.Me())
	l := find(t, snapshot(t, a), "theirs").Lock
	if l.State != "abandoned" || l.Holder.Name != "relative" || l.Holder.ID != b.Me() || l.Deaths != 1 || l.Last == nil || l.Last.Name != "relative" || time.Since(l.Last.At) > time.Minute {
		t.Errorf("abandoned lock %+v, %+v", l, l.Last)
	}
}

func TestSnapshotOfWaits(t *testing.T) {
	a := sleepers(t, "kin")
	b := relative(t, a)
	o, held := lock(t, a, "wanted")
	held.Lock.TryLock(prim.Holder(a.Me(), true))
	theirs, err := b.Open(o.Handle(), arena.KindLock, 0, "mp.Lock")
	if err != nil {
		t.Fatal(err)
	}
	l := arena.PayloadOf[arena.LockState](theirs)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	for range 3 {
		go func() { done <- l.Lock.LockSlow(ctx, prim.Holder(b.Me(), true), b.Parker(), new(park.Spin)) }()
	}
	w := watch(t, a)
	for {
		s, err := w.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		p := s.Processes[1]
		if len(p.Waits) != 1 || p.Others != 2 || p.Waits[0].Since.IsZero() {
			runtime.Gosched()
			continue
		}
		o := find(t, s, "wanted")
		if at := p.Waits[0]; at.Object != `Lock "wanted" (0.1)` || at.Handle != o.Handle() || time.Since(at.Since) > time.Minute || !o.Lock.Waited {
			t.Errorf("wait %+v, lock %+v", at, o.Lock)
		}
		break
	}
	cancel()
	for range 3 {
		<-done
	}
}

func TestSnapshotOfValues(t *testing.T) {
	a := kin(t, "kin")
	for _, c := range []struct {
		typ  string
		size uint64
		word uint64
		want string
	}{
		{"int", 8, ^uint64(0), "-1"},
		{"int32", 4, 0xFFFFFFFE, "-2"},
		{"uint8", 1, 0xFFFF07, "7"},
		{"main.count uint16", 2, 300, "300"},
		{"float64", 8, 0x3FF8000000000000, "1.5"},
		{"float32", 4, 0x3FC00000, "1.5"},
		{"bool", 1, 1, "true"},
		{"bool", 1, 2, "0x02"},
		{"[2]uint8", 2, 0x0201, "0x0102"},
		{"main.pair struct{a uint8; b uint8}", 2, 0x0201, "0x0102"},
		{"[3]int64", 24, 0, ""},
		{"nothing", 0, 0, ""},
	} {
		o := object(t, a, arena.ObjectSpec{Kind: arena.KindValue, Type: c.typ, Name: "n", Size: valueSize, Init: func(o *arena.Object) {
			v := arena.PayloadOf[arena.ValueState](o)
			v.Size = uint32(c.size)
			v.Word.Store(c.word)
		}})
		if got := find(t, snapshot(t, a), "n").Value; got != c.want {
			t.Errorf("%s of %d bytes, word %#x, is shown as %q, want %q", c.typ, c.size, c.word, got, c.want)
		}
		a.Drop(o)
	}
	raw := object(t, a, arena.ObjectSpec{Kind: arena.KindRawValue, Type: "int64", Name: "raw", Size: 8, Init: func(o *arena.Object) { *arena.PayloadOf[int64](o) = -5 }})
	held := object(t, a, arena.ObjectSpec{Kind: arena.KindValue, Type: "[3]int64", Name: "busy", Size: valueSize + 128})
	arena.PayloadOf[arena.ValueState](held).Lock.TryLock(prim.Holder(a.Me(), false))
	s := snapshot(t, a)
	if o := find(t, s, "raw"); o.Value != "-5" || o.Lock != nil || o.Kind != "RawValue" {
		t.Errorf("raw value %+v", o)
	}
	if o := find(t, s, "busy"); o.Lock == nil || o.Lock.State != "held" || o.Value != "" {
		t.Errorf("value in change %+v", o)
	}
	a.Drop(raw)
}

// TestLookingWritesNothing: no page of memory comes into being, and no bit changes, by looking.
func TestLookingWritesNothing(t *testing.T) {
	a := kin(t, "kin")
	lock(t, a, "a lock")
	w := watch(t, a)
	content := func() (string, int64) {
		st, err := a.File().Stat()
		if err != nil {
			t.Fatal(err)
		}
		blocks := st.Sys().(*syscall.Stat_t).Blocks
		b := make([]byte, arena.MinSize)
		if _, err := a.File().ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		return string(b), blocks
	}
	was, wasBlocks := content()
	if _, err := w.Snapshot(); err != nil {
		t.Fatal(err)
	}
	if found := w.Check(); found != nil {
		t.Error(found)
	}
	if is, isBlocks := content(); is != was || isBlocks != wasBlocks {
		t.Errorf("looking changed the memory, or made it grow from %d to %d blocks", wasBlocks, isBlocks)
	}
}

// TestNamesAreHarmless: a name cannot move the cursor of who looks.
func TestNamesAreHarmless(t *testing.T) {
	a := kin(t, "\x1b[2J\xff")
	lock(t, a, "a\tb\nü")
	s := snapshot(t, a)
	if s.Arena.Name != "�[2J�" || s.Objects[0].Name != "a�b�ü" {
		t.Errorf("names %q and %q", s.Arena.Name, s.Objects[0].Name)
	}
}

func TestSnapshotAsJSON(t *testing.T) {
	a := kin(t, "kin")
	lock(t, a, "a lock")
	b, err := json.Marshal(snapshot(t, a))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf(`"id":"%d"`, a.Header().ID), `"name":"MainProcess","state":"live","alive":true`, `"lock":{"state":"free","waited":false,"deaths":0}`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if strings.Contains(string(b), "ended") {
		t.Errorf("the end of a living process in %s", b)
	}
}

func TestClosedArena(t *testing.T) {
	w := watch(t, kin(t, "kin"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Snapshot(); err == nil {
		t.Error("a snapshot of a closed arena")
	}
	if found := w.Check(); len(found) != 1 || found[0].What != "reading it" {
		t.Errorf("Check of a closed arena: %v", found)
	}
}

// TestNesting reads a /proc in which 900 is known as 7 in a pid namespace below.
func TestNesting(t *testing.T) {
	dir := t.TempDir()
	for pid, status := range map[string]string{"900": "Name:\tx\nNSpid:\t900\t7\n", "901": "NSpid:\t901\n", "self": "NSpid:\t1\n"} {
		if err := os.MkdirAll(dir+"/"+pid+"/ns", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+pid+"/status", []byte(status), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("pid:[55"+pid+"]", dir+"/"+pid+"/ns/pid"); err != nil {
			t.Fatal(err)
		}
	}
	n := nesting{proc: dir}
	for _, c := range []struct {
		of   nsPID
		want []int
	}{
		{nsPID{55900, 7}, []int{900, 7}}, {nsPID{55900, 900}, nil}, {nsPID{1, 901}, []int{901}}, {nsPID{0, 900}, []int{900, 7}}, {nsPID{1, 12}, nil},
	} {
		if got := n.of(1, c.of); !slices.Equal(got, c.want) {
			t.Errorf("%+v is known as %v, want %v", c.of, got, c.want)
		}
	}
}
