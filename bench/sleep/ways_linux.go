package main

import (
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A way of sleeping until the other of two processes hands over.
type way struct {
	name  string
	procs []int         // for which values of GOMAXPROCS it is measured
	apart time.Duration // between two rounds, so that the other's CPU has time to halt
	files func() ([]*os.File, error)
	open  func(t *table) (side, error)
}

// A side is one player's end. hand gives the ball to the other, wait sleeps until it comes back.
type side interface {
	hand() error
	wait() error
}

// A table is what the two players share, seen by the one in this process.
type table struct {
	mem  memory
	role int // 0 begins and measures, 1 answers
}

var (
	oneAndTwo = []int{1, 2}
	two       = []int{2}
)

var ways = []way{
	{name: "direct futex", procs: oneAndTwo, open: futex},
	{name: "direct futex, 2 ms apart", procs: two, open: futex, apart: 2 * time.Millisecond},
	{name: "direct futex after runtime.Gosched", procs: oneAndTwo, open: politely},
	{name: "direct futex after 100 looks", procs: two, open: looking(100)},
	{name: "direct futex after 1,600 looks", procs: two, open: looking(1600)},
	{name: "looks without end", procs: two, open: looking(math.MaxInt)},
	{name: "parker, direct leader", procs: oneAndTwo, open: parked},
	{name: "parker, direct leader, after park.Spin", procs: two, open: spinning},
	{name: "parker, overflow", procs: oneAndTwo, open: overflowing},
	{name: "dispatch loop alone, Gosched", procs: oneAndTwo, open: dispatched(true)},
	{name: "dispatch loop alone, no Gosched", procs: oneAndTwo, open: dispatched(false)},
	{name: "futex_waitv, 64 words, direct", procs: oneAndTwo, open: openVector},
	{name: "futex_waitv, 64 words, dispatcher", procs: oneAndTwo, open: openVectorDispatcher},
	{name: "eventfd, netpoller", procs: oneAndTwo, files: eventfds, open: openEvents},
	{name: "Unix socket pair, netpoller", procs: oneAndTwo, files: sockets, open: openSocket},
}

// The descriptors are made blocking, and the players change that: package os/exec would set shared ones back.

func eventfds() ([]*os.File, error) {
	var files []*os.File
	for range 2 {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			return files, os.NewSyscallError("eventfd", err)
		}
		files = append(files, os.NewFile(uintptr(fd), "eventfd"))
	}
	return files, nil
}

func sockets() ([]*os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	return []*os.File{os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")}, nil
}
