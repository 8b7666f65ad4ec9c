// Package inspect looks into the shared memory of other running programs that use mp: which processes there
// are and what they wait for, which objects, who holds which lock, and whether all of it is consistent.
//
// It only looks. It opens the memory read-only through /proc/<pid>/fd, takes no lock, and writes, starts and
// signals nothing; it reads by its own code, of which nothing is used to write. Looking costs the program
// looked at nothing but the cache lines that are read. Memory is copied out with pread(2) and not mapped: reading
// a hole of a mapped memfd would make the kernel fill it, and so write to what is only to be looked at.
//
// What is read may change meanwhile, and may be garbage: each word is copied once, and everything found in
// it is checked before it is used. A [Snapshot] is of no single moment: two of its lines may contradict each
// other if the program was busy. [Arena.Check] looks several times before it says that something is wrong.
//
// # Who may look
//
// The kernel lets a process look into another one of the same user, if that one is dumpable. So in the way are:
// another user; a binary that is setuid, has file capabilities or cannot be read, and programs that switched
// dumping off; a user namespace that is not below one's own; hidepid of /proc, which hides the processes of other
// users; and a container, which shows its own processes alone. Root may look everywhere if it has CAP_SYS_PTRACE.
// Yama's ptrace_scope is not in the way: it restricts attaching, not looking. [List] tells what it could not look
// at, and why, as an [Obstacle].
//
// Everything here needs Linux.
package inspect
