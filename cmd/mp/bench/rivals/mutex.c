//go:build ignore

// mutex measures the C library's process-shared mutex in shared memory, the
// rival of a lock between processes. (The line above is for the go command,
// which would otherwise refuse a C file in a package without cgo.)
//
//	mutex uncontended N [R]   robust mutex, one process: N lock+unlock pairs
//	mutex plain N [R]         the same without PTHREAD_MUTEX_ROBUST
//	mutex counter P N [R]     P processes each add 1 N times under one robust mutex
//
// It runs one round to warm up and R more (default 5), and prints one line:
// {"name":..., "runtime":..., "ns": median ns an operation, "rounds":[ns, ...]}
//
// Choose N so that a counter round lasts many time slices of the scheduler:
// in a short one each process may finish before the next is let run, and the
// mutex is then never contended.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

enum { MAX_PROCS = 1024, MAX_ROUNDS = 1001 };

// One mapping holds all that the processes share. The count lies in the
// mutex's cache line, so that the winner of the lock has already fetched it;
// everything else stays away from that line.
struct shared {
	_Alignas(128) pthread_mutex_t mutex;
	long count;
	_Alignas(128) atomic_long arrived;
	_Alignas(128) struct {
		_Alignas(128) int64_t start, end;
	} stamps[MAX_PROCS];
};

// die ends this process alone; err 0 means that what says it all.
static void die(const char *what, int err) {
	fprintf(stderr, "mutex: %s%s%s\n", what, err ? ": " : "", err ? strerror(err) : "");
	_exit(1);
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct shared *create(int robust) {
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
	                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		die("mmap", errno);
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);
	if (!err)
		err = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (!err && robust)
		err = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (!err)
		err = pthread_mutex_init(&s->mutex, &attr);
	if (err)
		die("mutex init", err);
	return s;
}

// lock and unlock check what they return, as every user of a robust mutex
// must: EOWNERDEAD would mean that a process of this run was killed.
static inline void lock(struct shared *s) {
	int err = pthread_mutex_lock(&s->mutex);
	if (__builtin_expect(err, 0))
		die("lock", err);
}

static inline void unlock(struct shared *s) {
	int err = pthread_mutex_unlock(&s->mutex);
	if (__builtin_expect(err, 0))
		die("unlock", err);
}

static double uncontended(struct shared *s, long n) {
	int64_t start = now();
	for (long i = 0; i < n; i++) {
		lock(s);
		unlock(s);
	}
	return (double)(now() - start) / n;
}

// worker is one forked process: it waits until all have arrived, then counts.
// A worker whose parent is gone ends, as the others will never arrive.
static void worker(struct shared *s, long me, long procs, long n, pid_t parent) {
	atomic_fetch_add(&s->arrived, 1);
	while (atomic_load(&s->arrived) < procs) {
		if (getppid() != parent)
			_exit(1);
		sched_yield();
	}
	s->stamps[me].start = now();
	for (long i = 0; i < n; i++) {
		lock(s);
		s->count++;
		unlock(s);
	}
	s->stamps[me].end = now();
	_exit(0);
}

// counter returns the time from the first worker's release to the last one's
// end, over procs*n. The parent sleeps meanwhile.
static double counter(struct shared *s, long procs, long n) {
	pid_t parent = getpid();
	s->count = 0;
	atomic_store(&s->arrived, 0);
	for (long i = 0; i < procs; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die("fork", errno);
		if (pid == 0)
			worker(s, i, procs, n, parent);
	}
	for (long i = 0; i < procs; i++) {
		int status;
		if (wait(&status) < 0)
			die("wait", errno);
		if (status != 0)
			die("a worker failed", 0);
	}
	if (s->count != procs * n)
		die("the count is wrong: increments were lost", 0);
	int64_t start = s->stamps[0].start, end = s->stamps[0].end;
	for (long i = 1; i < procs; i++) {
		if (s->stamps[i].start < start)
			start = s->stamps[i].start;
		if (s->stamps[i].end > end)
			end = s->stamps[i].end;
	}
	return (double)(end - start) / ((double)procs * n);
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void print(const char *name, const double *rounds, long r) {
	static double sorted[MAX_ROUNDS];
	memcpy(sorted, rounds, r * sizeof *rounds);
	qsort(sorted, r, sizeof *sorted, ascending);
#ifdef __GLIBC__
	const char *libc = "glibc ", *version = gnu_get_libc_version();
#else
	const char *libc = "libc", *version = "";
#endif
	printf("{\"name\":\"%s\",\"runtime\":\"%s%s\",\"ns\":%.3f,\"rounds\":[", name, libc,
	       version, (sorted[(r - 1) / 2] + sorted[r / 2]) / 2);
	for (long i = 0; i < r; i++)
		printf("%s%.3f", i ? "," : "", rounds[i]);
	printf("]}\n");
}

static void usage(void) {
	fprintf(stderr, "usage: mutex uncontended N [R] | plain N [R] | counter P N [R]\n");
	exit(2);
}

static long number(const char *text, long max) {
	char *end;
	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 1 || n > max)
		usage();
	return n;
}

int main(int argc, char **argv) {
	const char *mode = argc > 1 ? argv[1] : "";
	int plain = !strcmp(mode, "plain"), many = !strcmp(mode, "counter");
	int next = 2 + many; // the argument that is N
	if (!plain && !many && strcmp(mode, "uncontended"))
		usage();
	if (argc < next + 1 || argc > next + 2)
		usage();
	long procs = many ? number(argv[2], MAX_PROCS) : 1;
	long n = number(argv[next], 1000000000);
	long r = argc > next + 1 ? number(argv[next + 1], MAX_ROUNDS) : 5;

	static double rounds[MAX_ROUNDS];
	struct shared *s = create(!plain);
	for (long i = -1; i < r; i++) { // round -1 warms up
		double ns = many ? counter(s, procs, n) : uncontended(s, n);
		if (i >= 0)
			rounds[i] = ns;
	}
	char name[64];
	if (many)
		snprintf(name, sizeof name, "robust/counter/%ld", procs);
	else
		snprintf(name, sizeof name, "%s/uncontended", plain ? "plain" : "robust");
	print(name, rounds, r);
	return 0;
}
