package boot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/internal/wire"
	"golang.org/x/sys/unix"
)

// runWith runs the test binary as a stranger would, with files as the descriptors from 3 on, and returns how
// it ended and what it wrote.
func runWith(value string, files ...*os.File) (code int, output string, err error) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), variable+"="+value)
	cmd.ExtraFiles = files
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, "", err
	}
	return cmd.ProcessState.ExitCode(), string(out), nil
}

func socket(t *testing.T, domain, kind int) (ours, theirs *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(domain, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

// belongings are descriptors as a starter would hand them over, for slot 5, and ones that it would not.
type belongings struct {
	memory, life, control              *os.File
	idle, otherLife                    *os.File // without the lock; with that of another memory
	null, datagrams, unconnected, pipe *os.File
}

func newBelongings(t *testing.T) belongings {
	t.Helper()
	must := func(f *os.File, err error) *os.File {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	b := belongings{memory: newMemory(t)}
	b.life = must(claim(b.memory, 5))
	b.idle = must(sys.Reopen(b.memory))
	b.otherLife = must(claim(newMemory(t), 5))
	b.null = must(os.OpenFile(os.DevNull, os.O_RDWR, 0))
	alone, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	b.unconnected = must(os.NewFile(uintptr(alone), "unconnected"), err)
	_, b.control = socket(t, unix.AF_UNIX, unix.SOCK_STREAM)
	_, b.datagrams = socket(t, unix.AF_UNIX, unix.SOCK_DGRAM)
	r, w, err := os.Pipe()
	b.pipe = must(r, err)
	must(w, err)
	return b
}

func files(f ...*os.File) []*os.File { return f }

func TestStrangers(t *testing.T) {
	b := newBelongings(t)
	good := files(b.memory, b.life, b.control)
	for _, c := range []struct {
		name, value string
		files       []*os.File
		want        string
	}{
		{"word", "yes", good, `expected version 1 of the contract first, found "yes"`},
		{"later version", "2:3:4:5:-:5", good, `expected version 1 of the contract first, found "2"`},
		{"long", strings.Repeat("long", 10000), good, `found "longlonglonglonglong"`},
		{"few parts", "1:3:4:5:-", good, "expected 6 parts between colons, found 5"},
		{"many parts", "1:3:4:5:-:5:6", good, "expected 6 parts between colons, found 7"},
		{"letters", "1:3:four:5:-:5", good, `part 3: expected a descriptor from 3 on, found "four"`},
		{"negative", "1:3:-4:5:-:5", good, `part 3: expected a descriptor from 3 on, found "-4"`},
		{"too large", "1:3:4:2147483648:-:5", good, `part 4: expected a descriptor from 3 on, found "2147483648"`},
		{"standard output", "1:1:4:5:-:5", good, `part 2: expected a descriptor from 3 on, found "1"`},
		{"nothing for memory", "1:-:4:5:-:5", good, `part 2: expected a descriptor from 3 on, found "-"`},
		{"twice the same", "1:3:4:4:-:5", good, "expected different descriptors, found 4 as life and as control"},
		{"slot", "1:3:4:5:-:1024", good, `expected a slot of 0 to 1023, found "1024"`},
		{"no slot", "1:3:4:5:-:", good, `expected a slot of 0 to 1023, found ""`},
		{"closed", "1:3:4:900:-:5", good, "control is descriptor 900: expected an open one: bad file descriptor"},
		{"crash closed", "1:3:4:5:900:5", good, "crash is descriptor 900: expected an open one"},
		{"memory", "1:3:4:5:-:5", files(b.null, b.life, b.control), "memory is descriptor 3: expected sealed shared memory"},
		{"life of another memory", "1:3:4:5:-:5", files(b.memory, b.otherLife, b.control), "life is descriptor 4: expected the file of the memory"},
		{"life is the memory", "1:3:4:5:-:7", files(b.memory, b.memory, b.control), "found the lock free"},
		{"no lock on the slot", "1:3:4:5:-:6", good, "expected an open file apart from the memory's, which holds the lock of slot 6"},
		{"the lock is another's", "1:3:4:5:-:5", files(b.memory, b.idle, b.control), "expected it to hold the lock of slot 5; another process does"},
		{"control is a file", "1:3:4:5:-:5", files(b.memory, b.life, b.null), "control is descriptor 5: expected a socket"},
		{"control is a pipe", "1:3:4:5:-:5", files(b.memory, b.life, b.pipe), "control is descriptor 5: expected a socket"},
		{"control has datagrams", "1:3:4:5:-:5", files(b.memory, b.life, b.datagrams), "expected a Unix stream socket (1, 1), found domain 1, type 2"},
		{"control is alone", "1:3:4:5:-:5", files(b.memory, b.life, b.unconnected), "expected a connected socket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, err := runWith(c.value, c.files...)
			if err != nil {
				t.Fatal(err)
			}
			if code != 2 || !strings.Contains(out, c.want) || !strings.Contains(out, "unset MP_CHILD") || len(out) > 1000 {
				t.Errorf("exit status %d and\n%.2000s\nwant 2 and %q, and the advice", code, out, c.want)
			}
		})
	}
}

func TestEmptyVariable(t *testing.T) {
	if code, out, err := runWith(""); err != nil || code != 0 {
		t.Errorf("exit status %d, %v, want an ordinary run: %s", code, err, out)
	}
}

// The other end of control is not with the parent, but with its parent.
func TestGrandparentsSocket(t *testing.T) {
	_, control := socket(t, unix.AF_UNIX, unix.SOCK_STREAM)
	s := newSpec(t, "regift")
	s.Crash = control
	out := expectFrame(t, launch(t, s), wire.Result)
	if !strings.HasPrefix(string(out), "2 ") || !strings.Contains(string(out), fmt.Sprintf("at the other end, found process %d (", os.Getpid())) {
		t.Errorf("got %s", out)
	}
}

// playRegift runs a stranger whose control socket is its own crash file.
func playRegift(in *Inheritance) error {
	s, err := nextSpec(in)
	if err != nil {
		return err
	}
	code, out, err := runWith(fmt.Sprintf("1:3:4:5:-:%d", s.Slot), s.Memory, s.Life, in.Crash)
	if err != nil {
		return err
	}
	return wire.WriteFrame(in.Control, wire.Result, fmt.Appendf(nil, "%d %s", code, out))
}
