/* The queue of internal/tasks: put.go, take.go, done.go, wait.go, shut.go.
 *
 * Process 0 puts K messages, of which M may wait, shuts the queue and joins; the others get and do them until they are told that
 * it is shut. Each step below is one access to shared memory, or a transaction, which happens or not.
 *
 *   own          Slab.Lock: who holds it; 0 nobody
 *   st           a message: NOT put, WAITing, in HAND + p, GONE. A get takes the one with the lowest number
 *   turns        Entry.Turns
 *   wd wr wf     W of Data, Room, Finished
 *   put, take, done, shutdown: hold, the transaction, due, Release, ring; each a step: "slab: committed", "tasks: put" and so on
 *   sleep        Parker.Park: asleep names the word; "tasks: waiter announced", "tasks: woken"
 *   giveup       handOn: "tasks: handing on"
 *   Sweep        Unlatch; orphans, under the lock; then W off, and all are woken: "tasks: sweeping", "tasks: swept"
 *
 * Line, by which one producer sleeps for room at a time, is the lock that lock.pml checks; here is one producer.
 *
 * What is checked when nothing can move any more: all that live have finished; all that was put is gone, and join has
 * returned. And always: who ends a message has it in hand; no message is delivered more often than once and once a death; join
 * returns when nothing is unfinished.
 *
 * Scope:
 *   K=2, M=1, N=3  default
 *   CANCEL       a sleep of process N-1 is given up, once
 *   DEATH        one process is killed, at any step, and swept. If it is process 0, the sweeper shuts the queue in its place
 *   TICK         the parker's tick releases sleepers whose W is off
 *
 * Without DEATH and TICK no wake-up is lost. With DEATH the sweep must take W away; its wake-up, or the tick, suffices.
 *
 * That a consumer wakes the next, sets W again, and hands on when it gives up, is speed alone here: each one that is woken
 * takes what there is, until there is nothing.
 *
 * Must fail:
 *   NOORPHANS    the sweep does not give back what was in hand
 *   NODIEDWAKE   the sweep wakes nobody, and leaves W
 *   LEAVESW      the sweep wakes, and leaves W (TICK does not help)
 *   OUTSIDE      W is set without the lock (TICK does not help)
 *   SHUTW        a shutdown tells only those that sleep with W: others rely on one that a put has woken, and that does not hand on
 *                of a queue that is shut
 *   SHUTEMPTY    a shut queue is empty though others have something in hand
 */
#ifndef K
#define K 2
#endif
#ifndef M
#define M 1
#endif
#ifndef N
#define N 3
#endif

#define NOT  0
#define WAIT 1
#define GONE 2
#define HAND 3 /* + p */

#define DATA 1
#define ROOM 2
#define FIN  3

#define SWEEPER 9

byte own;
bool wd, wr, wf;
byte st[K], turns[K], asleep[N];
byte waiting, unfinished, deaths, inhand[N];
bool shut;
bool dead[N], finished[N], joined;
byte puts;

#define unlocked (own == 0)

#ifdef TICK
#define awake(p, w) (asleep[p] == 0 || !w)
#else
#define awake(p, w) (asleep[p] == 0)
#endif

inline hold(who) { atomic { unlocked -> own = who } }

inline wake(word, many) {
	/* one of those that sleep for this word, or all */
	d_step {
		i = 0;
		do
		:: i < N && asleep[i] == word ->
			asleep[i] = 0;
			if
			:: many -> i++
			:: else -> break
			fi
		:: i < N && asleep[i] != word -> i++
		:: i == N -> break
		od;
		i = 0
	}
}

/* due takes W away, and notes whom to wake. The lock is held. */
inline due(less) {
	d_step {
		if
		:: wd && (waiting > 0 || shut) -> wd = 0; dd = 1
		:: else
		fi;
		if
		:: wr && (less || shut) -> wr = 0; dr = 1
		:: else
		fi;
		if
		:: wf && unfinished == 0 -> wf = 0; df = 1
		:: else
		fi
	}
}

inline release() { own = 0 }

inline ring() {
	if
	:: dd || dr || df ->
		if
		:: dd && shut -> wake(DATA, 1)
		:: dd && !shut -> wake(DATA, 0)
		:: else
		fi;
		if
		:: dr -> wake(ROOM, 0)
		:: else
		fi;
		if
		:: df -> wake(FIN, 1)
		:: else
		fi
	:: else
	fi;
	d_step { dd = 0; dr = 0; df = 0 }
}

proctype Producer() {
	bool dd, dr, df;
	byte i;
	{
		do
		:: puts < K ->
			hold(1);
			if
			:: waiting < M ->
				d_step { st[puts] = WAIT; waiting++; unfinished++; puts++ };
				due(0);
				release();
				ring()
			:: else ->
				wr = 1;
				release();
				atomic { if :: wr -> asleep[0] = ROOM :: else fi };
				atomic { awake(0, wr) -> asleep[0] = 0 }
			fi
		:: else -> break
		od;
		hold(1);
		shut = 1;
#ifndef SHUTW
		wd = 1;
#endif
		due(1);
		release();
		ring();
		do
		:: hold(1);
			if
			:: unfinished == 0 -> assert(waiting == 0); release(); break
			:: else ->
				wf = 1;
				release();
				atomic { if :: wf -> asleep[0] = FIN :: else fi };
				atomic { awake(0, wf) -> asleep[0] = 0 }
			fi
		od;
		joined = 1;
		finished[0] = 1
	} unless { dead[0] }
}

proctype Consumer(byte me) {
	bool dd, dr, df, slept, announced, tried;
	byte i, m;
	{
		do
		:: hold(me + 1);
		if
		:: waiting > 0 ->
			d_step {
				m = 0;
				do
				:: st[m] != WAIT -> m++
				:: else -> break
				od;
				st[m] = HAND + me; waiting--; turns[m]++; inhand[me]++;
				assert(turns[m] <= 1 + deaths)
			}
			due(1);
			if
			:: slept && waiting > 0 -> dd = 1
			:: slept && waiting == 0 && !shut -> wd = 1
			:: else
			fi;
			release();
			ring();
			slept = 0;
			hold(me + 1);
			d_step { assert(st[m] == HAND + me); st[m] = GONE; unfinished--; inhand[me]-- }
			due(0);
			release();
			ring()
#ifdef SHUTEMPTY
		:: waiting == 0 && shut ->
#else
		:: waiting == 0 && shut && unfinished == 0 ->
#endif
			release();
			break
		:: else ->
#ifdef OUTSIDE
			release();
			wd = 1;
#else
			wd = 1;
			release();
#endif
			atomic { if :: wd -> asleep[me] = DATA :: else fi };
			if
			:: atomic { awake(me, wd) -> asleep[me] = 0; slept = 1 }
#ifdef CANCEL
			:: me == N - 1 && !tried ->
				tried = 1;
				/* a wake-up may have come first: it is handed on all the same */
				asleep[me] = 0;
				if
				:: !wd -> wake(DATA, 0)
				:: else
				fi;
				slept = 0
#endif
			fi
		fi
		od;
		finished[me] = 1
	} unless { dead[me] }
}

#ifdef DEATH
proctype Death() {
	byte p, i, m;
	if
	:: p = 0
	:: p = 1
	:: p = 2
	fi;
	atomic { !finished[p] -> dead[p] = 1; deaths = 1; asleep[p] = 0 }
	if
	:: own == p + 1 ->
		own = 0
	:: else
	fi;
#ifndef NOORPHANS
	if
	:: inhand[p] > 0 ->
		hold(SWEEPER);
		d_step {
			m = 0;
			do
			:: m < K ->
				if
				:: st[m] == HAND + p -> st[m] = WAIT; waiting++; inhand[p]--
				:: else
				fi;
				m++
			:: else -> break
			od
		}
		own = 0
	:: else
	fi;
#endif
#ifndef NODIEDWAKE
#ifndef LEAVESW
	wd = 0;
	wr = 0;
	wf = 0;
#endif
	wake(DATA, 1);
	wake(ROOM, 1);
	wake(FIN, 1);
#endif
	if
	:: p == 0 ->
		hold(SWEEPER);
		shut = 1;
		wd = 0;
		own = 0;
		wake(DATA, 1)
	:: else
	fi
}
#endif

active proctype End() {
	byte p;
	timeout ->
	d_step {
		assert(joined || dead[0]);
		assert(unfinished == 0 && waiting == 0);
		p = 0;
		do
		:: p < N -> assert(finished[p] || dead[p]); p++
		:: else -> break
		od
	}
}

init {
	byte p;
	atomic {
		run Producer();
		p = 1;
		do
		:: p < N -> run Consumer(p); p++
		:: else -> break
		od;
#ifdef DEATH
		run Death()
#endif
	}
}
