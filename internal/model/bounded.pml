/* The semaphores of internal/prim: permits.go, bounded.go, bounded_death.go. Semaphore is the same with no accounts.
 *
 * Goroutines 0 .. 2 each acquire and release, goroutine 0 K permits and R times, the others one and once. Each is a process of
 * its own, with the slot of that number, or two share one. Each step below is one access to shared memory; a load and a
 * compare-and-swap that tries again until the two agree are one step where nothing is done between them.
 *
 *   left W       Bounded.word: the permit word
 *   slot n       ... and the account in it
 *   held[]       Seat.Held
 *   lk           Bounded.accounts. How one waits for it is the subject of lock.pml
 *   take, give:  move: "bounded: moving", "bounded: moved"
 *   away:        moveAway: lock, load, account, "bounded: account written", the compare-and-swap, "bounded: account moved", unlock
 *   none:        awaitPermit: "permit: waiter announced", Park, "permit: woken"
 *   took:        "permit: taken"
 *   giveup:      leavePermits; "permit: giving up"
 *   wake:        Parker.Wake; which sleeper it is, is open
 *   Sweep        Died, repay; "sweep: permits"
 *
 * g[] is what each process really holds: it changes with the step that commits. What is checked, after every change:
 *   the account of each process, in the word or in held, is what it holds; left and held together are B;
 * and when nothing can move any more: all that live have finished.
 *
 * Scope:
 *   B=2, K=2     permits in all, and of goroutine 0; default 1
 *   R=2          rounds of goroutine 0; default 1
 *   PAIR         there is no goroutine 2
 *   SHARE        goroutines 1 and 2 are of one process
 *   CANCEL       the context of goroutine 2 ends, at any step
 *   DEATH        one process is killed, at any step, and swept
 *   DEATHS       ... the sweeper is killed too, at any step, and another sweeps after it
 *   TICK         the parker's tick releases sleepers that are not blocked
 *
 * Must fail:
 *   NOWRITE      an account goes out of the word and is not written
 *   NOLOCK       accounts are moved without the lock
 *   EARLY        the account that comes in is read before the lock is held
 *   TWOSTEPS     the sweep adds the permits of the dead and clears its account after that
 *   NOFREE       ... does not free the lock of the dead
 *   NODIEDWAKE   ... wakes nobody (passes with TICK)
 *   NOCARRY      who has slept takes the last permit without W
 *   NOHANDON     who has slept leaves permits and wakes nobody
 *   NOPASS       a cancelled waiter leaves permits and wakes nobody
 *   NOLEAVE      ... finds none, and does not leave W
 */
#ifndef B
#define B 1
#endif
#ifndef K
#define K 1
#endif
#ifndef R
#define R 1
#endif
#ifdef SHARE
#define SLOT(i) (i == 2 -> 1 : i)
#else
#define SLOT(i) i
#endif

byte left = B; bit W;            /* Bounded.word */
byte slot; byte n;
byte held[3];
byte lk;                         /* 0, or slot + 1 */
byte kern;                       /* who sleeps, a bit a goroutine */
byte canc;                       /* a bit a goroutine */
#ifdef PAIR
byte done = 4;
#else
byte done;
#endif
byte dead;                       /* slot + 1 */
bit gone;                        /* the first sweeper is dead */
byte g[3];                       /* what is true */

#define BLOCKED (left == 0 && W)
#define ME (1 << me)
#define SWEEPER 9
#define ACCOUNT(i) (slot == i -> n : held[i])
#define RIGHT assert(ACCOUNT(0) == g[0] && ACCOUNT(1) == g[1] && ACCOUNT(2) == g[2] && left + g[0] + g[1] + g[2] == B)
#define WAKE if :: kern & 1 -> kern = kern & 6 :: kern & 2 -> kern = kern & 5 :: kern & 4 -> kern = kern & 3 :: kern == 0 fi

#ifdef NOCARRY
#define LAST 0
#else
#define LAST (vl == 1 && slept)
#endif

proctype P(byte me; byte s; byte want; byte rounds) {
  bit slept, giving, vw, some;
  byte vl, vs, vn, mine, has;
  {
  skip;
take:
  atomic { if
  :: left == 0 -> goto none
  :: left > 0 && slot == s ->
     vl = left; left--; n++; g[s]++; W = LAST; RIGHT; goto took
  :: left > 0 && slot != s -> giving = 0; goto away
  fi };

give:
  atomic { if
  :: slot == s -> assert(n > 0); some = W; W = 0; left++; n--; g[s]--; RIGHT; goto gave
  :: slot != s -> giving = 1
  fi };

away:
#ifdef EARLY
  mine = held[s];
#endif
#ifndef NOLOCK
  if
  :: atomic { lk == 0 -> lk = s + 1 }
  :: atomic { !giving && (canc & ME) -> goto giveup }
  fi;
#endif
load:
  atomic { vl = left; vw = W; vs = slot; vn = n;
    if :: !giving && vl == 0 -> goto unlock :: else fi };
#ifndef NOWRITE
  atomic { if :: vs != s -> held[vs] = vn; RIGHT :: else fi };
#endif
  atomic {
#ifndef EARLY
  mine = held[s];
#endif
  if :: vs == s -> mine = vn :: else fi;
  if
  :: left != vl || W != vw || slot != vs || n != vn -> vl = 0; goto load
  :: else -> slot = s;
     if
     :: giving -> assert(mine > 0); some = W; W = 0; left++; n = mine - 1; g[s]--
     :: else -> left--; n = mine + 1; g[s]++; W = LAST
     fi;
     RIGHT
  fi };
unlock:
  atomic {
#ifndef NOLOCK
    lk = 0;
#endif
    vw = 0; vs = 0; vn = 0; mine = 0;
    if :: giving -> giving = 0; vl = 0; goto gave
    :: !giving && vl == 0 -> goto none
    :: else fi };

took:
  atomic {
    has++;
#ifdef NOHANDON
    vl = 0;
#endif
    if :: slept && vl > 1 -> vl = 0; slept = 0
    :: else -> vl = 0; slept = 0; if :: has < want -> goto take :: else -> goto give fi
    fi };
  atomic { WAKE; if :: has < want -> goto take :: else -> goto give fi };

gave:
  atomic { has--; if :: some -> some = 0 :: else -> goto next fi };
  atomic { WAKE;
next:
    if :: has > 0 -> goto give :: else fi;
    rounds--;
    if :: rounds > 0 -> goto take :: else -> goto over fi };

none:
  atomic { if :: left == 0 -> W = 1 :: else -> goto take fi };
  atomic { if :: canc & ME -> goto giveup :: else fi };
  atomic { if :: BLOCKED && !(canc & ME) -> kern = kern | ME :: else -> goto out fi };
  if
  :: atomic { !(kern & ME) -> skip }
  :: atomic { canc & ME -> kern = kern & ~ME }
#ifdef TICK
  :: atomic { (kern & ME) && !BLOCKED -> kern = kern & ~ME }
#endif
  fi;
out:
  atomic { if :: (canc & ME) && BLOCKED -> goto giveup :: else -> slept = 1; goto take fi };

giveup:
  atomic { if
  :: W -> goto quit
#ifdef NOLEAVE
  :: left == 0 && !W -> goto quit
#else
  :: left == 0 && !W -> W = 1; goto quit
#endif
#ifdef NOPASS
  :: left > 0 -> goto quit
#else
  :: left > 0 -> skip
#endif
  fi };
  atomic { WAKE;
quit:
    if :: has > 0 -> goto give :: else fi;
over:
    done = done | ME }
  } unless { dead == s + 1 }
}

#ifdef CANCEL
proctype Cancel() {
end: canc = 4
}
#endif

#ifdef DEATH
#define LIVES(i) (!(done & (1 << i)))
proctype Kill() {
  if
  :: atomic { LIVES(0) -> dead = 1; kern = kern & 6 }
#ifdef SHARE
  :: atomic { LIVES(1) || LIVES(2) -> dead = 2; kern = kern & 1 }
#else
  :: atomic { LIVES(1) -> dead = 2; kern = kern & 5 }
  :: atomic { LIVES(2) -> dead = 3; kern = kern & 3 }
#endif
  fi
}

proctype Sweep(bit second) {
  bit vw;
  byte vl, vs, vn, mine;
end:
  dead != 0 && (gone == second);
  {
#ifndef NOFREE
  atomic { if :: lk == dead || lk == SWEEPER -> lk = 0 :: else fi };
#endif
  atomic { lk == 0 -> lk = SWEEPER };
again:
  atomic { vl = left; vw = W; vs = slot; vn = n };
#ifndef NOWRITE
  atomic { if :: vs != dead - 1 -> held[vs] = vn; RIGHT :: else fi };
#endif
  atomic { if :: vs == dead - 1 -> mine = vn :: else -> mine = held[dead - 1] fi;
  if
  :: mine == 0 -> goto paid
  :: else fi;
  if
  :: left != vl || W != vw || slot != vs || n != vn -> goto again
  :: else ->
     left = left + mine; W = 0; slot = dead - 1;
#ifdef TWOSTEPS
     n = mine
#else
     n = 0; g[slot] = 0; RIGHT
#endif
  fi };
#ifdef TWOSTEPS
  atomic { n = 0; g[dead - 1] = 0; RIGHT };
#endif
paid:
  lk = 0;
#ifndef NODIEDWAKE
  kern = 0;
#endif
  } unless { gone && !second }
}

#ifdef DEATHS
proctype KillSweeper() {
end: dead != 0 -> gone = 1
}
#endif
#endif

init { atomic {
  run P(0, 0, K, R); run P(1, 1, 1, 1);
#ifndef PAIR
  run P(2, SLOT(2), 1, 1);
#endif
#ifdef CANCEL
  run Cancel();
#endif
#ifdef DEATH
  run Kill();
  run Sweep(0);
#ifdef DEATHS
  run Sweep(1);
  run KillSweeper();
#endif
#endif
} }

active proctype Check() { timeout -> atomic {
  assert(((done & 1) || dead == 1) && ((done & 2) || dead == 2) && ((done & 4) || dead == SLOT(2) + 1));
  RIGHT
  } }
