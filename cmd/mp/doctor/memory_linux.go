package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	noExecSeal = 0x8 // MFD_NOEXEC_SEAL, Linux 6.3; the unix package has no name for it
	arenaSize  = 64 << 30
)

// newMemory makes anonymous shared memory the way mp does. The caller closes it.
func newMemory(size int64) (f *os.File, noExec bool, err error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	noExec = true
	fd, err := unix.MemfdCreate("mp doctor", flags|noExecSeal)
	if errors.Is(err, unix.EINVAL) {
		noExec = false
		fd, err = unix.MemfdCreate("mp doctor", flags)
	}
	if err != nil {
		return nil, false, os.NewSyscallError("memfd_create", err)
	}
	f = os.NewFile(uintptr(fd), "memory")
	if err := f.Truncate(size); err != nil {
		_ = f.Close()
		return nil, false, err
	}
	return f, noExec, nil
}

func sealedMemory(context.Context) (State, string) {
	f, noExec, err := newMemory(pageSize)
	if err != nil {
		return Missing, err.Error()
	}
	defer func() { _ = f.Close() }()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return Missing, os.NewSyscallError("fcntl(F_ADD_SEALS)", err).Error()
	}
	if err := f.Truncate(0); !errors.Is(err, unix.EPERM) {
		return Missing, fmt.Sprintf("sealed memory can be shrunk: expected %v, found %v", unix.EPERM, err)
	}
	if !noExec {
		return OK, "memfd_create, seals; without MFD_NOEXEC_SEAL, which Linux 6.3 brought"
	}
	return OK, "memfd_create, seals, MFD_NOEXEC_SEAL"
}

const pageSize = 4096

// byteLocks takes a byte through one open file description and looks from a second one, as an heir of the
// memory would look for a dead process.
func byteLocks(context.Context) (State, string) {
	first, _, err := newMemory(pageSize)
	if err != nil {
		return Missing, err.Error()
	}
	defer func() { _ = first.Close() }()
	second, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(first.Fd())), os.O_RDWR, 0)
	if err != nil {
		return Missing, fmt.Sprintf("the memory cannot be opened again: %v", err)
	}
	defer func() { _ = second.Close() }()
	const what = 7
	mine := unix.Flock_t{Type: unix.F_WRLCK, Start: what, Len: 1}
	if err := unix.FcntlFlock(second.Fd(), unix.F_OFD_SETLK, &mine); err != nil {
		return Missing, os.NewSyscallError("fcntl(F_OFD_SETLK)", err).Error()
	}
	if state, err := lockSeen(first, what); err != nil || state == unix.F_UNLCK {
		return Missing, fmt.Sprintf("a lock is not seen from a second description (%v)", err)
	}
	_ = second.Close()
	if state, err := lockSeen(first, what); err != nil || state != unix.F_UNLCK {
		return Missing, fmt.Sprintf("a lock is still seen after its description was closed (%v)", err)
	}
	return OK, "F_OFD_SETLK and F_OFD_GETLK on shared memory"
}

func lockSeen(f *os.File, what int64) (int16, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: what, Len: 1}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &l)
	return l.Type, os.NewSyscallError("fcntl(F_OFD_GETLK)", err)
}

// addressSpace maps as much as an arena of the default size, and touches nothing of it.
func addressSpace(context.Context) (State, string) {
	found := "RLIMIT_AS " + limitText(unix.RLIMIT_AS, bytesText)
	size := int64(arenaSize)
	mapped, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return Limited, fmt.Sprintf("mapping %s: %v; %s", bytesText(arenaSize), err, found)
	}
	_ = unix.Munmap(mapped)
	return OK, "maps " + bytesText(arenaSize) + "; " + found
}
