// Sleep measures ways of sleeping until another process gives a sign: round trips between two processes, with both on
// one CPU and with one CPU each; and what the parker of internal/park is meant to keep: few threads for many sleepers,
// next to nothing while all sleep, a quick end of cancelled waits. It prints Markdown tables.
//
//	go run ./sleep [-runs 5] [-rounds 20000] [-only regexp] [-load 3 -patience 15m]
//
// Each figure is the median of the runs; a run does everything once, so that what disturbs the machine for a while
// disturbs all ways. Every measurement has fresh processes, which are this program: role_linux.go says in which roles.
package main
