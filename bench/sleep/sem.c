//go:build ignore

// sem measures round trips over two of the C library's process-shared semaphores. (The line above is for the go
// command, which would otherwise refuse a C file in a package without cgo.)
//
//	sem CPU CPU WARM ROUNDS
//
// The two processes are pinned to the CPUs. It prints the time of each round after the warm-up in ns, one a line.

#define _GNU_SOURCE
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void must(int ok, const char *what) {
	if (!ok) {
		perror(what);
		_exit(1);
	}
}

static void pin(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static long long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void take(sem_t *s) {
	while (sem_wait(s) != 0) {
	}
}

int main(int argc, char **argv) {
	must(argc == 5, "sem CPU CPU WARM ROUNDS");
	int warm = atoi(argv[3]), rounds = atoi(argv[4]);
	/* A cache line and more between the two. */
	char *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED, "mmap");
	sem_t *there = (sem_t *)shared, *back = (sem_t *)(shared + 1024);
	must(sem_init(there, 1, 0) == 0 && sem_init(back, 1, 0) == 0, "sem_init");
	pid_t child = fork();
	must(child >= 0, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(atoi(argv[2]));
		for (;;) {
			take(there);
			sem_post(back);
		}
	}
	pin(atoi(argv[1]));
	long long *took = malloc(sizeof *took * rounds);
	must(took != 0, "malloc");
	for (int i = -warm; i < rounds; i++) {
		long long begin = now();
		sem_post(there);
		take(back);
		if (i >= 0)
			took[i] = now() - begin;
	}
	kill(child, SIGKILL);
	for (int i = 0; i < rounds; i++)
		printf("%lld\n", took[i]);
	return 0;
}
