// Package model holds Promela models of the protocols by which processes share memory, and a script that checks them with
// spin (https://spinroot.com):
//
//	lock.pml       the lock word: wake-ups, cancellation, death, recovery
//	ring.pml       the queue: who wakes whom, cancellation, a process killed or stopped
//	large.pml      the blocks of long messages: who has them, spares, death, a sweeper that dies
//	bounded.pml    the semaphores: wake-ups, cancellation, accounts, death
//	rwlock.pml     the readers-writer lock: counts, draining, turns, death, cancellation
//	barrier.pml    the barrier: turns, breaks, resets, death, cancellation
//	condition.pml  the condition's nodes: notifications, cancellation, death, and who sleeps for whom
//	parker.pml     sleeping and waking: leaders, followers, overflow
//	redo.pml       the heap's transactions and limbo, and their sweep
//	sweep.pml      the process table: claims, deaths, sweepers that die
//
// A model has one step for each access to shared memory that the code makes, and is searched for all orders in which
// processes can take them, with a death at any of them. Its first comment says which function each part stands for, what is
// checked, and which variants must fail: each leaves a step out of the protocol, or does it in another order, and
// shows by failing that the model would notice. Who changes such a protocol changes the model first.
//
// run.sh checks everything in less than two minutes on two CPUs (make model). The tests here see to it that it could say no, and
// that models, list and code speak of the same steps. To see how a variant fails:
//
//	spin -DNOREPLAY -DONEWORKER -a redo.pml && cc -O1 -DSAFETY -o pan pan.c && ./pan -E; spin -DNOREPLAY -DONEWORKER -t -p redo.pml
//
// The package has no other code, and nothing imports it.
package model
