//go:build linux

package sys

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const noExecSeal = 0x8 // MFD_NOEXEC_SEAL, Linux 6.3

// Address is a place in a mapping, for those who keep it but never look behind it.
type Address = unsafe.Pointer

// NewMemory makes anonymous shared memory of size bytes: sparse, on no file system, sealed against
// shrinking and growing. It lives as long as a descriptor or a mapping of it. memfd_create(2).
func NewMemory(name string, size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|noExecSeal)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "memfd:"+name)
	if err := unix.Ftruncate(fd, size); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("mp: shared memory of %d bytes: %w (is a file size limit, ulimit -f, set?)", size, os.NewSyscallError("ftruncate", err))
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		_ = f.Close()
		return nil, os.NewSyscallError("fcntl(F_ADD_SEALS)", err)
	}
	return f, nil
}

// Sealed says whether fd is shared memory that nobody can shrink, so that a mapping of it cannot fault.
func Sealed(fd uintptr) bool {
	seals, err := unix.FcntlInt(fd, unix.F_GET_SEALS, 0)
	return err == nil && seals&unix.F_SEAL_SHRINK != 0
}

// Map maps size bytes of f, shared. A writable mapping is kept out of core dumps.
//
// MmapPtr, not Mmap: the latter keeps every mapping in a table under one lock (golang/go#80739).
func Map(f *os.File, size int64, write bool) (unsafe.Pointer, error) {
	prot := unix.PROT_READ
	if write {
		prot |= unix.PROT_WRITE
	}
	p, err := unix.MmapPtr(int(f.Fd()), 0, nil, uintptr(size), prot, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("mp: mapping %d bytes of shared memory: %w (is an address space limit, ulimit -v, set?)", size, os.NewSyscallError("mmap", err))
	}
	if write {
		_ = unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_DONTDUMP)
	}
	return p, nil
}

// Unmap ends a mapping made by Map. Every pointer into it is dead afterwards.
func Unmap(p unsafe.Pointer, size int64) error {
	return os.NewSyscallError("munmap", unix.MunmapPtr(p, uintptr(size)))
}

// Reserve gives memory to a range, so that touching it later cannot fail. fallocate(2).
func Reserve(f *os.File, off, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, off, size)
		if err != unix.EINTR {
			return os.NewSyscallError("fallocate", err)
		}
	}
}

// Punch takes the memory of a range back; it reads as zeros afterwards.
func Punch(f *os.File, off, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, size)
		if err != unix.EINTR {
			return os.NewSyscallError("fallocate(PUNCH_HOLE)", err)
		}
	}
}
