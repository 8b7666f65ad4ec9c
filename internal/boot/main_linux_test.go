package boot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/internal/wire"
	"golang.org/x/sys/unix"
)

// The children of the tests, and the commands that these run, are the test binary itself.
func TestMain(m *testing.M) {
	in, err := Inherited()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case in != nil:
		os.Exit(playChild(in, os.Args[1], os.Args[2:]))
	case len(os.Args) > 2 && os.Args[1] == "command":
		os.Exit(playCommand(os.Args[2]))
	}
	// A process built with -race sleeps for a second before it exits, if nobody tells it not to.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func playChild(in *Inheritance, role string, args []string) int {
	var err error
	switch role {
	case "hello":
		err = playHello(in)
	case "exit":
		code, _ := strconv.Atoi(args[0])
		return code
	case "chain":
		err = playChain(in, args[0])
	case "tree":
		err = playTree(in, args[0])
	case "starved":
		err = playStarved(in)
	case "regift":
		err = playRegift(in)
	case "eater":
		err = playEater(in)
	default:
		err = errors.New("no such role: " + role)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "child %q: %v\n", role, err)
		return 1
	}
	return 0
}

// playHello says what it finds, and then answers until the parent is gone.
func playHello(in *Inheritance) error {
	c := contract{memory: int(in.Memory.Fd()), life: int(in.Life.Fd()), control: int(in.Control.Fd()), crash: -1}
	if in.Crash != nil {
		c.crash = int(in.Crash.Fd())
	}
	closing := true
	for _, d := range c.descriptors() {
		flags, err := unix.FcntlInt(uintptr(d.fd), unix.F_GETFD, 0)
		closing = closing && err == nil && flags&unix.FD_CLOEXEC != 0
	}
	_, inherited := os.LookupEnv(variable)
	if err := in.Control.SetReadDeadline(time.Now()); err != nil {
		return err
	}
	_, _, err := wire.ReadFrame(in.Control, 0)
	timed := errors.Is(err, os.ErrDeadlineExceeded)
	if err := in.Control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	facts := fmt.Sprintf("slot %d, crash %t, variable %t, close-on-exec %t, deadline %t, own group %t, color %q",
		in.Slot, in.Crash != nil, inherited, closing, timed, unix.Getpgrp() == os.Getpid(), os.Getenv("COLOR"))
	if err := wire.WriteFrame(in.Control, wire.Hello, []byte(facts)); err != nil {
		return err
	}
	for {
		_, payload, err := wire.ReadFrame(in.Control, 1<<20)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := wire.WriteFrame(in.Control, wire.Result, payload); err != nil {
			return err
		}
	}
}

// playChain starts a chain of n children below this one. Each writes its pid to the crash file, which all hold open, and
// then looks at its control socket no more; the last is stopped besides.
func playChain(in *Inheritance, n string) error {
	left, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	if left > 0 {
		s, err := nextSpec(in, "chain", strconv.Itoa(left-1))
		if err != nil {
			return err
		}
		c, err := Start(s)
		if err != nil {
			return err
		}
		if _, _, err := wire.ReadFrame(c.Control(), 0); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(in.Crash, os.Getpid()); err != nil {
		return err
	}
	if err := wire.WriteFrame(in.Control, wire.Hello, nil); err != nil {
		return err
	}
	if left == 0 {
		return syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	return blockForEver()
}

// playTree runs a command that holds the crash file open.
func playTree(in *Inheritance, command string) error {
	cmd := exec.Command(os.Args[0], "command", command)
	cmd.ExtraFiles = []*os.File{in.Crash}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = in.Crash.Close()
	_, _, err := wire.ReadFrame(in.Control, 0)
	return err
}

func playCommand(name string) int {
	switch name {
	case "deaf", "hold":
		if name == "deaf" {
			signal.Ignore(syscall.SIGTERM)
		}
		if _, err := fmt.Fprintln(os.NewFile(3, "report"), os.Getpid()); err != nil {
			return 1
		}
		_ = blockForEver()
		return 1
	case "replaced":
		if err := playReplaced(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	return 2
}

// blockForEver reads from a pipe that nobody writes to: the runtime would take an empty select for a deadlock.
func blockForEver() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	_, err = r.Read(make([]byte, 1))
	return errors.Join(err, w.Close())
}

// playReplaced runs from a file of its own, and puts another in its place before it starts a child.
func playReplaced() error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte("not a program"), 0o700); err != nil {
		return err
	}
	memory, err := sys.NewMemory("replaced", 4096)
	if err != nil {
		return err
	}
	s, err := nextSpec(&Inheritance{Memory: memory}, "exit", "0")
	if err != nil {
		return err
	}
	c, err := Start(s)
	if err != nil {
		return err
	}
	<-c.Done()
	if !c.State().Success() {
		return errors.New(c.State().String())
	}
	return nil
}

// nextSpec is a child in the next slot of the same memory.
func nextSpec(in *Inheritance, args ...string) (Spec, error) {
	life, err := claim(in.Memory, in.Slot+1)
	if err != nil {
		return Spec{}, err
	}
	return Spec{
		Args: append([]string{os.Args[0]}, args...), Memory: in.Memory, Life: life, Crash: in.Crash, Slot: in.Slot + 1,
	}, nil
}

func claim(memory *os.File, slot uint32) (*os.File, error) {
	life, err := sys.Reopen(memory)
	if err != nil {
		return nil, err
	}
	if err := sys.TakeByte(life, int64(slot)); err != nil {
		return nil, errors.Join(err, life.Close())
	}
	return life, nil
}

// playEater takes 64 MiB of its own memory, and as much that it shares, and says so.
func playEater(in *Inheritance) error {
	// Not from Go's heap: the race detector takes several times as much beside it.
	if _, err := unix.Mmap(-1, 0, eaten, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE); err != nil {
		return err
	}
	memory, err := sys.NewMemory("eaten", eaten)
	if err != nil {
		return err
	}
	if err := sys.Reserve(memory, 0, eaten); err != nil {
		return err
	}
	if _, err := unix.Mmap(int(memory.Fd()), 0, eaten, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return err
	}
	if err := wire.WriteFrame(in.Control, wire.Hello, nil); err != nil {
		return err
	}
	_, _, err = wire.ReadFrame(in.Control, 0)
	if err == io.EOF {
		return nil
	}
	return err
}
