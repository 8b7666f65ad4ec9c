package doctor

// probes are all rows in their order: the kernel, then limits, then what is good to know.
var probes = []probe{
	{"system", "mp needs Linux on amd64 or arm64", system},
	{"/proc", "a program starts itself through /proc/self/exe and opens its memory again through /proc/self/fd", procMounted},
	{"shared memory", "everything that processes share lies in memory that nobody can shrink under them and that no file system keeps", sealedMemory},
	{"byte locks", "the kernel drops such a lock when the last thread of its process has stopped: the proof that a process is dead", byteLocks},
	{"futex", "who waits for a lock, a queue or an event sleeps on a word of shared memory", futex},
	{"pidfd", "a number may be given to another process, a pidfd belongs to one; without it a death is proved by byte locks alone", pidfd},
	{"death signal", "children end with their parent, also if that is killed", deathSignal},
	{"processes", "start a child, see it live, kill it, and hear of its end", children},

	{"address space", "the arena takes 64 GiB of addresses, not of memory; under a limit choose fewer by mp.Configure", addressSpace},
	{"file size", "the kernel counts shared memory as a file; under ulimit -f choose a smaller arena by mp.Configure", fileSize},
	{"open files", "each child costs its parent about four descriptors", openFiles},
	{"processes of user", "the kernel counts threads, and a Go process has five to ten", userProcesses},
	{"overcommit", "2 makes the kernel refuse memory that was asked for before it is used up; Go asks for more than it uses", overcommit},
	{"cgroup memory", "memory.events tells whether the kernel killed a process for want of memory; without it an OOM kill may be taken for another's signal 9", cgroupMemory},
	{"cgroup pids", "beyond pids.max no thread and no process starts", cgroupPids},
	{"cpus", "a waiter spins before it sleeps only if there is a second CPU; pools start a process for each", cpus},

	{"seccomp", "a filter can forbid any of the above; a container brings one", seccomp},
	{"pid namespace", "processes of two namespaces cannot ask for each other by number, and prove death by byte locks alone", pidNamespace},
	{"go", "mp tour builds the examples with it", tool("go")},
	{"cc", "mp bench measures beside the C library with it, and leaves those rows out otherwise", tool("cc", "gcc", "clang")},
	{"python3", "mp bench measures beside CPython with it, and leaves those rows out otherwise", tool("python3")},
}
