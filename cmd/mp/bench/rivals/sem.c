//go:build ignore

// sem measures the C library's process-shared semaphore in shared memory. (The line above is for the go command, which
// would otherwise refuse a C file in a package without cgo.)
//
//	sem alone N [R]             one process: N pairs of sem_wait and sem_post
//	sem pingpong CPU CPU N [R]  two processes, pinned to these CPUs: N round trips over two semaphores
//
// It runs one round to warm up and R more (default 5), and prints one line:
// {"name":..., "runtime":..., "ns": median ns an operation, "rounds":[ns, ...]}

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

enum { MAX_ROUNDS = 1001 };

// One mapping holds both, on cache lines of their own.
struct shared {
	_Alignas(128) sem_t there;
	_Alignas(128) sem_t back;
};

static void die(const char *what) {
	fprintf(stderr, "sem: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pin(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		die("sched_setaffinity");
}

static inline void take(sem_t *s) {
	while (sem_wait(s))
		if (errno != EINTR)
			die("sem_wait");
}

static inline void give(sem_t *s) {
	if (sem_post(s))
		die("sem_post");
}

static double alone(struct shared *s, long n) {
	if (sem_init(&s->there, 1, 1))
		die("sem_init");
	int64_t start = now();
	for (long i = 0; i < n; i++) {
		take(&s->there);
		give(&s->there);
	}
	return (double)(now() - start) / n;
}

static double pingpong(struct shared *s, int here, int other, long n) {
	if (sem_init(&s->there, 1, 0) || sem_init(&s->back, 1, 0))
		die("sem_init");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(other);
		for (long i = 0; i <= n; i++) {
			take(&s->there);
			give(&s->back);
		}
		_exit(0);
	}
	pin(here);
	give(&s->there); // the other is there when this has come back
	take(&s->back);
	int64_t start = now();
	for (long i = 0; i < n; i++) {
		give(&s->there);
		take(&s->back);
	}
	double took = (double)(now() - start) / n;
	int status;
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("the other process failed");
	return took;
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
	fprintf(stderr, "usage: sem alone N [R] | pingpong CPU CPU N [R]\n");
	exit(2);
}

static long number(const char *text, long min, long max) {
	char *end;
	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max)
		usage();
	return n;
}

int main(int argc, char **argv) {
	const char *mode = argc > 1 ? argv[1] : "";
	int two = !strcmp(mode, "pingpong");
	int next = two ? 4 : 2; // the argument that is N
	if (!two && strcmp(mode, "alone"))
		usage();
	if (argc < next + 1 || argc > next + 2)
		usage();
	int here = two ? number(argv[2], 0, CPU_SETSIZE - 1) : 0, other = two ? number(argv[3], 0, CPU_SETSIZE - 1) : 0;
	long n = number(argv[next], 1, 1000000000);
	long r = argc > next + 1 ? number(argv[next + 1], 1, MAX_ROUNDS) : 5;

	static double rounds[MAX_ROUNDS];
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		die("mmap");
	for (long i = -1; i < r; i++) { // round -1 warms up
		double ns = two ? pingpong(s, here, other, n) : alone(s, n);
		if (i >= 0)
			rounds[i] = ns;
	}
	print(two ? "sem/pingpong" : "sem/alone", rounds, r);
	return 0;
}
