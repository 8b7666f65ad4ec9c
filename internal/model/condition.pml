/* The condition of internal/prim: condition.go, condition_wait.go, condition_death.go, over its lock, and its sweep.
 *
 * Process 0 has the waiters 0 and 1, process 1 the waiter 2, process 2 notifies. Each waiter locks, waits, and when it
 * has the lock again is done; the notifier locks once all that live wait, notifies NOTES times, and unlocks. Each step is one access to
 * shared memory; what a process's mutex or the lock makes one is one. The parker loses nothing here, which parker.pml
 * shows: a sleeper goes on once its word is not what it saw and somebody has woken it.
 *
 *   owner dead1     the lock's word: id, A. lock.pml has what is left out here. RELEASE: with C
 *   ask grt con     a process's node and consumed
 *   given in line   Waiters: given, in, and who is in the line, a bit a waiter; the first is the lowest
 *   join:           Waiters.Join; "condition: joining", "condition: joined"
 *   wait:           Waiters.Wait: give; "condition: woken"
 *   leave:          withdraw; "condition: withdrawing", "condition: withdrawn"
 *   relock:         the lock again, or abandoned; then Consume; "condition: locked again"
 *   Notify          grant, wake; "condition: granting", "condition: granted"
 *   Sweep           LockState.died: endWaits: Died, Abandoned, then the word; ConditionState.died: Died. The two objects
 *                   are swept in either order. "sweep: condition closed", "sweep: notification handed on", "sweep: waits ended"
 *
 * What is checked when nothing can move any more: nobody living waits while a notification is not accounted for. Each of the NOTES
 * grants has ended the wait of one that lives, or of one that died after it had the lock; if the lock's holder has died, nobody
 * waits. Nobody is asleep who was granted. Granted has not passed asked; without a death as many waits have ended well
 * as there were grants. And always: of two of a process the older is granted first.
 *
 * Scope:
 *   NOTES=n         notifications; default 2
 *   CANCEL          the context of waiter 0 ends, at any step; CANCEL1: that of waiter 1
 *   DEATH=p         process p is killed, at any step, and swept
 *   RELEASE         a death frees the lock
 *   TWICE           the sweeper dies too, at any step, and another begins anew
 *
 * Must fail:
 *   NOXFER          the sweep forgets grants that nobody consumed
 *   NOCLOSE         ... does not take the waits of the dead out before it counts
 *   CONSUMEFIRST    a grant is consumed before the waiter has the lock
 *   CANCELDROPS     a cancelled waiter leaves though a grant for it has come: it looked before
 *   NOENDWAITS      the sweep of the lock leaves the conditions alone
 *   WORDFIRST       ... publishes the death before it ends the waits (TWICE)
 *   NODIEDWAKE      the sweep wakes nobody whom the dead had granted
 *   NOPROMOTE       who leaves the line does not tell the next that it is the first
 *   BOTHPARK        who has become first parks beside the one who was: it may sleep there for a later grant than that one's
 *   STEAL           a grant goes to whoever looks, not to the oldest
 */
#ifndef NOTES
#define NOTES 2
#endif
#ifndef DEATH
#define DEATH 9
#endif

#define FREE 9
byte owner = FREE; bit aband;                   /* Lock.word */
byte ask[2]; byte grt[2]; byte con[2];          /* Condition.nodes, consumed */
byte given[2]; byte line[2];                    /* Waiters */
byte wake;                                      /* signals and wake-ups of processes 0, 1: the leader's; a bit a process */
bit in[2];                                      /* Waiters.in */
bit mu[2];                                      /* Waiters.mu, where it is held for more than one step */
byte sig;                                       /* of waiters: granted, or first; a bit a waiter */
byte got;                                       /* who was granted, a bit a waiter */
byte entered, ended, gone, told;                /* bits of waiters */
bit canc[2]; bit dead[3]; bit notified; bit lockdied; bit surplus;
byte notes;

#define PROC(w) (w / 2)
#define W(w) (1 << w)
#define FIRST(p, w) ((line[p] & W(w)) && ((line[p] & (W(w) - 1)) == 0))
#define LOWEST(p) (line[p] & -line[p])

inline give(p, w) {                             /* Waiters.give, with the mutex */
  do
  :: given[p] != grt[p] && line[p] != 0 ->
     given[p]++;
#ifdef STEAL
     if
     :: line[p] & W(w) -> got = got | W(w); line[p] = line[p] & ~W(w)
     :: else -> got = got | LOWEST(p); sig = sig | LOWEST(p); line[p] = line[p] & ~LOWEST(p)
     fi
#else
     got = got | LOWEST(p); sig = sig | LOWEST(p); line[p] = line[p] & ~LOWEST(p)
#endif
  :: else -> break
  od;
  assert(!(got & 2) || !(line[0] & 1));         /* 1 has come after 0 */
  promote(p)
}
inline promote(p) {
#ifdef NOPROMOTE
  skip
#else
  sig = sig | LOWEST(p)
#endif
}

inline notify1(p) {                             /* grant: one CAS; p is who was granted, FREE if nobody */
  if
  :: grt[0] != ask[0] -> grt[0]++; p = 0
  :: grt[1] != ask[1] -> grt[1]++; p = 1
  :: else -> p = FREE
  fi
}

proctype Waiter(byte w; byte p) {
  byte seen; bit cancelled;
  {
  atomic { owner == FREE && !aband && (w != 1 || (entered & 1)) -> owner = p };   /* 1 comes after 0 */
  atomic { !mu[p]; if :: line[p] == 0 -> given[p] = grt[p] :: else fi;        /* "condition: joining" */
    ask[p]++; line[p] = line[p] | W(w); entered = entered | W(w) }; /* "condition: joined" */
  owner = FREE;
wait:
  atomic { !mu[p]; give(p, w);
    if :: got & W(w) -> goto relock :: else fi;
    if :: cancelled -> mu[p] = 1; goto leave :: else fi;
    seen = given[p];
    if
#ifdef BOTHPARK
    :: FIRST(p, w) -> skip
#else
    :: FIRST(p, w) && !in[p] -> in[p] = 1
#endif
    :: else -> goto follow
    fi };
#ifdef BOTHPARK
  if                                            /* who comes second follows, without a look at the word */
  :: atomic { !in[p] -> in[p] = 1 }
  :: atomic { w < 2 && canc[w % 2] -> cancelled = 1; goto wait }
  fi;
#endif
  atomic { if                                   /* lead: Park looks once more, then sleeps */
    :: grt[p] != seen -> goto out
    :: else -> wake = wake & ~(1 << p)
    fi };
  if
  :: atomic { wake & (1 << p) -> wake = wake & ~(1 << p) }
  :: atomic { w < 2 && canc[w % 2] -> cancelled = 1 }
  fi;
out:
  atomic { !mu[p]; in[p] = 0; promote(p); goto wait };
follow:
  if
  :: atomic { sig & W(w) -> sig = sig & ~W(w); goto wait }
  :: atomic { w < 2 && canc[w % 2] -> cancelled = 1; goto wait }
  fi;
leave:                                          /* "condition: withdrawing" */
#ifdef CANCELDROPS
  atomic { line[p] = line[p] & ~W(w); promote(p); mu[p] = 0;
    if :: grt[p] != ask[p] -> ask[p]-- :: else given[p]++; con[p]++ fi };
#else
  atomic { if
    :: grt[p] != given[p] -> mu[p] = 0; goto wait
    :: else -> ask[p]--; line[p] = line[p] & ~W(w); mu[p] = 0; promote(p) /* "condition: withdrawn" */
    fi };
#endif
  gone = gone | W(w);
  goto over;
relock:                                         /* "condition: woken" */
#ifdef CONSUMEFIRST
  con[p]++;
#endif
  if
  :: atomic { aband -> told = told | W(w) }
  :: atomic { owner == FREE && !aband -> owner = p }
  fi;
#ifndef CONSUMEFIRST
  con[p]++;                                     /* "condition: locked again" */
#endif
  atomic { ended = ended | W(w); if :: !(told & W(w)) -> owner = FREE :: else fi };
over: skip
  } unless { dead[p] }
}

#define LIVES (7 & ~(dead[0] * 3) & ~(dead[1] * 4))

proctype Notify() {
  byte p;
  {
  atomic { (entered & LIVES) == LIVES && owner == FREE && !aband -> owner = 2 };
  do
  :: notes < NOTES ->
     atomic { notify1(p); notes++; if :: p == FREE -> surplus = 1 :: else fi };     /* "condition: granting" */
     if :: p != FREE -> wake = wake | (1 << p) :: else fi             /* "condition: granted" */
  :: else -> break
  od;
  atomic { notified = 1; owner = FREE }
  } unless { dead[2] || aband && owner != 2 }
}

#ifdef CANCEL
proctype Cancel() { end: canc[0] = 1 }
#endif
#ifdef CANCEL1
proctype Cancel1() { end: canc[1] = 1 }
#endif

#if DEATH != 9
proctype Kill() { if :: atomic { dead[DEATH] = 1 } :: skip fi }

inline died(p, q) {                             /* Condition.Died */
  if
  :: p < 2 ->
#ifndef NOCLOSE
     ask[p % 2] = grt[p % 2];                   /* "sweep: condition closed" */
#endif
#ifndef NOXFER
     do
     :: con[p % 2] != grt[p % 2] ->
        atomic { notify1(q) };
        if :: q != FREE -> wake = wake | (1 << q) :: else fi;
        con[p % 2]++                            /* "sweep: notification handed on" */
     :: else -> break
     od
#endif
     skip
  :: else
  fi;
#ifndef NODIEDWAKE
  atomic { if :: con[0] != grt[0] -> wake = wake | 1 :: else fi; if :: con[1] != grt[1] -> wake = wake | 2 :: else fi }
#endif
}

proctype Sweep() {
  byte q; bit lockdone; byte again;
end:
  dead[DEATH];
begin:
  if
  :: lockdone || owner != DEATH || aband -> skip
  :: !lockdone && owner == DEATH && !aband ->
#ifdef WORDFIRST
     atomic { lockdied = 1;
# ifdef RELEASE
     owner = FREE
# else
     aband = 1
# endif
     };
     if :: again == 0 -> again = 1; lockdone = 1; goto begin :: skip fi;
#endif
#ifndef NOENDWAITS
     died(DEATH, q);
     atomic { grt[0] = ask[0] };
     atomic { grt[1] = ask[1] };
# ifndef NODIEDWAKE
     atomic { if :: con[0] != grt[0] -> wake = wake | 1 :: else fi; if :: con[1] != grt[1] -> wake = wake | 2 :: else fi };
# endif
#endif
#ifdef TWICE
     if :: again == 0 -> again = 1; goto begin :: skip fi;
#endif
#ifndef WORDFIRST
     atomic { lockdied = 1;                     /* "sweep: lock" */
# ifdef RELEASE
       owner = FREE
# else
       aband = 1
# endif
     }
#endif
  fi;
  died(DEATH, q);
#ifdef TWICE
  if :: again == 0 -> again = 1; goto begin :: skip fi
#endif
}
#endif

active proctype Check() {
  timeout -> atomic {
    /* the waiters that live and are not done: none if the lock died, none that was granted, and none for which there was a grant */
    byte asleep = LIVES & ~ended & ~gone & entered;
    assert(grt[0] <= ask[0] && grt[1] <= ask[1]);
    assert((asleep & got) == 0);
    if :: lockdied -> assert(asleep == 0) :: else fi;
    if :: notified && asleep != 0 && !lockdied -> assert(!surplus) :: else fi;
#if DEATH == 9
    byte n = (ended & 1) + (ended & 2) / 2 + (ended & 4) / 4;
    assert(surplus || n == NOTES);
#endif
#if DEATH == 0 || DEATH == 1
    /* NOTES grants: of those that live one each, and those of the dead that had the lock */
    byte m = (ended & 1) + (ended & 2) / 2 + (ended & 4) / 4;
    assert(asleep == 0 || !notified || m >= NOTES);
#endif
  }
}

init { atomic {
  run Waiter(0, 0); run Waiter(1, 0); run Waiter(2, 1); run Notify();
#ifdef CANCEL
  run Cancel();
#endif
#ifdef CANCEL1
  run Cancel1();
#endif
#if DEATH != 9
  run Kill(); run Sweep();
#endif
} }
