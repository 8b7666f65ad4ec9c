//go:build armbe || arm64be || mips || mips64 || mips64p32 || ppc || ppc64 || s390 || s390x || sparc || sparc64

package prim

// This must not compile: waiters of an RLock sleep on the first four bytes of a word of eight.
var _ = aBigEndianMachineHasTheHighHalfOfAWordFirst
