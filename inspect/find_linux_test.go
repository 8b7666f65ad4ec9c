package inspect

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
)

// TestOtherProgram looks at a program that this one only started.
func TestOtherProgram(t *testing.T) {
	pid, _ := cast(t, "family", os.Getuid())
	a, err := Open(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	s, err := a.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if s.Arena.Name != "a family" || len(s.Processes) != 1 || s.Processes[0].PID != pid || !s.Processes[0].Alive || len(s.Objects) != 1 || s.Objects[0].Name != "theirs" {
		t.Errorf("snapshot %+v", s)
	}
	if found := a.Check(); found != nil {
		t.Errorf("Check: %v", found)
	}
}

func TestListFindsEachOnce(t *testing.T) {
	mine := kin(t, "listed")
	relative(t, mine) // the same memory by three more descriptors
	pid, _ := cast(t, "family", os.Getuid())
	arenas, _, err := List()
	if err != nil {
		t.Fatal(err)
	}
	found, theirs := 0, 0
	for _, a := range arenas {
		s, err := a.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if s.Arena.ID == mine.Header().ID {
			found++
		}
		if len(s.Processes) > 0 && s.Processes[0].PID == pid {
			theirs++
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if found != 1 || theirs != 1 {
		t.Errorf("our arena was found %d times, that of another program %d times, want once each", found, theirs)
	}
}

// TestObstacles needs several users, and so root.
func TestObstacles(t *testing.T) {
	const nobody = 65534
	if os.Getuid() != 0 {
		if os.Getenv("MP_REQUIRE_ALL") != "" {
			t.Fatal("needs root, to be several users")
		}
		t.Skip("needs root, to be several users")
	}
	secret, _ := cast(t, "secret", nobody)
	cast(t, "family", nobody)
	_, line := cast(t, "looker", nobody)
	var got []Obstacle
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	has := func(why string, pid int) bool {
		return slices.ContainsFunc(got, func(o Obstacle) bool {
			return strings.Contains(o.Why, why) && (pid == 0 || slices.Contains(o.PIDs, pid))
		})
	}
	if !has("of another user", os.Getpid()) || !has("not dumpable", secret) || !has("saw a family", 0) {
		t.Errorf("obstacles %v\nwant this process, of another user; %d, not dumpable; and the family of the same user seen", got, secret)
	}
}

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		uid  int
		ids  []int
		want string
	}{
		{0, []int{7, 7, 7, 7}, "CAP_SYS_PTRACE"},
		{7, []int{8, 8, 8, 8}, "of another user"},
		{7, []int{7, 0, 0, 0}, "setuid"},
		{7, []int{7, 7, 7, 7}, "not dumpable"},
		{7, nil, "cannot be told"},
	} {
		if got := reason(c.uid, c.ids); !strings.Contains(got, c.want) {
			t.Errorf("reason(%d, %v) = %q, want %q", c.uid, c.ids, got, c.want)
		}
	}
	var o obstacles
	o.add(1, "a", nil)
	o.add(2, "b", nil)
	o.add(3, "a", nil)
	o.add(3, "a", nil)
	o.add(0, "c", nil)
	var lines []string
	for _, x := range o.list() {
		lines = append(lines, x.String())
	}
	if got := strings.Join(lines, "; "); got != "2 processes: a; process 2: b; c" {
		t.Errorf("obstacles are %q", got)
	}
}

// TestStrangeProc scans a /proc that is not one.
func TestStrangeProc(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("12/fd", "no directory")
	write("13/status", "has no descriptors: it ended meanwhile")
	write("self/mounts", "x / y\nproc /proc proc rw,hidepid=invisible 0 0\n")
	write("uptime", "")
	s, err := newScan(dir)
	if err != nil {
		t.Fatal(err)
	}
	pids, err := s.pids()
	if err != nil || !slices.Equal(pids, []int{12, 13}) {
		t.Fatalf("pids %v, %v", pids, err)
	}
	for _, pid := range pids {
		s.process(pid)
	}
	if o := s.obstacles.list(); len(o) != 1 || !slices.Equal(o[0].PIDs, []int{12}) || !strings.Contains(o[0].Why, "not a directory") {
		t.Errorf("obstacles %v", o)
	}
	if !hidden(dir, 7) || hidden(dir, 0) {
		t.Error("hidepid is not seen, or root is said to be hindered by it")
	}
	write("self/mounts", "proc /proc proc rw,hidepid=0 0 0\n")
	if hidden(dir, 7) {
		t.Error("hidepid=0 is said to hide")
	}
}

func TestOpenRefuses(t *testing.T) {
	pid, _ := cast(t, "plain", os.Getuid())
	if _, err := Open(pid); !errors.Is(err, ErrNoArena) || !strings.Contains(err.Error(), strconv.Itoa(pid)) {
		t.Errorf("Open of a process without: %v", err)
	}
	if _, err := Open(1 << 30); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of no process: %v", err)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	good := make([]byte, arena.PageSize)
	if _, err := kin(t, "to copy").File().ReadAt(good, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		size int64
		head func([]byte)
		want string
	}{
		{"truncated", arena.MinSize - 1, nil, "size: expected a file of 16777216"},
		{"empty", 0, nil, "size: expected a file of 16777216"},
		{"immense", maxSize + 1, nil, "size: expected a file of 16777216"},
		{"longer", arena.MinSize * 2, nil, "size: expected 16777216 bytes, found 33554432 bytes"},
		{"magic", arena.MinSize, func(b []byte) { b[0]++ }, "magic number: expected 0x6172656e612d706d, found 0x6172656e612d706e"},
		{"version", arena.MinSize, func(b []byte) { b[12]++ }, "layout version: expected 1, found 2"},
		{"checksum", arena.MinSize, func(b []byte) { b[16]++ }, "header checksum: expected"},
		{"content", arena.MinSize, func(b []byte) { b[200]++ }, "header checksum: expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := slices.Clone(good)
			if c.head != nil {
				c.head(head)
			}
			f := file(t, c.size, head)
			_, err := OpenFile(f)
			var e *FormatError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if _, err := f.Stat(); err != nil {
				t.Errorf("the refused file was closed: %v", err)
			}
		})
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	var e *FormatError
	if _, err := OpenFile(r); !errors.As(err, &e) {
		t.Errorf("OpenFile of a pipe: %v", err)
	}
}
