/* The lock of internal/prim: lock.go, lock_death.go; with -DTOKEN the word of rlock.go, rlock_death.go.
 *
 * Processes 0 .. N-1 lock and unlock, process 0 first, process 1 R1 times, the others once. Each step below is one
 * access to shared memory; a load and a compare-and-swap that tries again until the two agree are one step, as is what
 * a mutex or the kernel makes one.
 *
 *   own A W      Lock.word: id, A, W. C is RELEASE: every section is held with it
 *   woken        Lock.woken
 *   lock:        TryLock, LockSlow, TryLockSlow; "lock: free", "lock: waiter announced"
 *   park:        Parker.Park: ctx.Err, then one of a process's places in the kernel, or overflow; "lock: woken"
 *                A newcomer that defers to a sleeper (starving) may take the lock at any time: here it just does
 *   taken:       "lock: taken": a waiter that has slept clears woken
 *   section:     the holder's work, then Unlock, or UnlockSlow; "lock: freeing", "lock: freed"
 *   wakeone:     wakeOne: who is to wake somebody
 *   waking:      wakeOne's loop; "lock: waking"
 *   giveup:      giveUp; "lock: giving up"
 *   after:       for ErrAbandoned: the error, or Recover; "lock: taken over", then mended, or Abandon
 *   token        the high half of RLock.word, a process's party each; the rest is the low half
 *   fast, slow   RLock.TryLock: both halves by one CAS; or the low half as Lock does, then sign; "rlock: taken"
 *   section      RLock.Unlock likewise, or clear; "rlock: token cleared"
 *   Sweep        Died; "sweep: lock"; of an RLock "sweep: rlock" first
 *   Dispatch     Shared.dispatch and release, of the processes in overflow
 *
 * What is checked, when nothing can move any more (no run is endless: pan -l finds no cycle):
 *   all that live have finished; woken is 0, so that the next unlock wakes somebody;
 * and always: who is in the section holds the word; nobody enters what a death has left torn, but by Recover; a mend
 * that fails leaves it abandoned; a token stands beside its own process, and never in a word that nobody holds. Levels
 * beyond the first are the holder's own business, and not modelled.
 *
 * Scope:
 *   N=4, R1=2    default 3 and 1
 *   CANCEL       the context of process N-1 ends, at any step
 *   DEATH        one process is killed, at any step, and swept; STOP: one that does not hold the lock stops for ever
 *   TICK         the parker's tick releases sleepers that are not blocked
 *   SPURIOUS=n   n sleeps end for no reason
 *   OVER=mask    these processes sleep by overflow: a wake-up of them is park.Perhaps
 *   RELEASE      sections with C: a death frees the lock
 *   PANIC        a section may end in the middle: Abandon, as in With
 *   TOKEN        the lock is an RLock
 *
 * Without DEATH, STOP and TICK no wake-up is lost. With DEATH the sweep's wake-up or the tick suffices, each alone. With STOP
 * it takes the tick.
 *
 * Must fail:
 *   NOCLEARPARK      woken is not cleared before sleeping again
 *   NOCLEARCANCEL    nor by a waiter that gives up
 *   NOTWO            an unlock that relies on a wake-up under way does not say so: 2 is left out
 *   PERHAPSCOUNTS    Perhaps is taken for Somebody: woken stays 1
 *   HELDONLY         a waiter sleeps though W is missing
 *   NOSLEPT          who has slept takes the lock without W
 *   NOPASS           a cancelled waiter does not hand the wake-up on
 *   PASSW            ... hands it on only if it sees W. W may be missing although others sleep: an unlock finds nobody,
 *                    others lock and sleep and unlock, and then it clears W, for the word is again what it was
 *   NODIEDWAKE       the sweep wakes nobody (passes with TICK)
 *   DIEDW            the sweep wakes only if it sees W: as PASSW (passes with TICK)
 *   DIEDNOHINT       the sweep does not clear woken
 *   ENTERABANDONED   a locker takes an abandoned lock
 *   MENDFREES        a mend that fails unlocks
 *   PANICKEEPS       a section that ends in the middle leaves the lock abandoned, and wakes nobody
 *   SIGNWHOLE        the token is written by a store of the whole word: what a waiter has announced since is lost
 *   NOTOKENCLEAR     an unlock leaves the token
 *   TOKENLATE        the sweep clears the token of the dead when others can take the lock
 */
#ifndef N
#define N 3
#endif
#ifndef R1
#define R1 1
#endif
#ifndef OVER
#define OVER 0
#endif
#if N == 4
#define EACH(f) f(1) f(2) f(4) f(8)
#else
#define EACH(f) f(1) f(2) f(4)
#endif

byte own; bit A; bit W;          /* Lock.word */
byte woken;                      /* Lock.woken */
byte kern;                       /* who sleeps in the kernel, a bit a process */
byte mask, rung, sig;            /* overflow: Board.Masks, Bell.Buckets, waiter.signal */
byte canc, dead, done;           /* a bit a process */
byte token;                      /* RLock.word, the high half */
bit torn;                        /* what the lock guards is half done */
byte spurious;

#define HELD   (own != 0 && !A)
#ifdef HELDONLY
#define BLOCKED HELD
#else
#define BLOCKED (HELD && W)      /* asleep() */
#endif
#define ME (1 << me)

#define WAKE1(b) :: kern & b -> kern = kern & ~b; some = 1

proctype P(byte me; byte rounds; bit holds) {
  bit slept, some, perhaps, all;
#ifdef SIGNWHOLE
  bit seen;
#endif
  byte why;
#define UNLOCKED 1
#define CANCELLED 2
#define ABANDONED 3
#define UNMENDED 4
  {
  if :: holds -> holds = 0; goto section :: else fi;
lock:                                     /* TryLock, LockSlow */
  atomic { if
  :: A ->
#ifdef ENTERABANDONED
     own = me+1; A = 0; assert(!torn); goto section
#else
     why = ABANDONED;
     goto giveup
#endif
#ifdef TOKEN
  :: own == 0 && !A && !W && token == 0 && !slept ->      /* fast */
     own = me+1; token = me+1; assert(!torn);
#ifndef RELEASE
     torn = 1;
#endif
     goto section
#endif
  :: own == 0 && !A -> own = me+1; assert(!torn);
#ifndef NOSLEPT
     W = W | slept;
#endif
#ifndef RELEASE
     torn = 1;
#endif
#ifdef SIGNWHOLE
     seen = W;
#endif
     if :: slept -> slept = 0; goto taken :: else -> goto sign fi
  :: HELD -> W = 1;                       /* "lock: waiter announced" */
     if :: slept -> skip
     :: !slept && (canc & ME) -> why = CANCELLED; goto giveup
     :: !slept && !(canc & ME) -> goto park fi
  fi };
  atomic {
#ifndef NOCLEARPARK
    woken = 0;
#endif
    if :: canc & ME -> why = CANCELLED; goto giveup :: else fi };

park:
  if
  :: !(OVER & ME) ->                      /* leadDirect */
     atomic { if :: BLOCKED && !(canc & ME) -> kern = kern | ME :: else -> goto out fi };
     if
     :: atomic { !(kern & ME) -> skip }
     :: atomic { canc & ME -> kern = kern & ~ME }
#ifdef TICK
     :: atomic { (kern & ME) && !BLOCKED -> kern = kern & ~ME }
#endif
#ifdef SPURIOUS
     :: atomic { (kern & ME) && spurious < SPURIOUS -> spurious++; kern = kern & ~ME }
#endif
     fi
  :: OVER & ME ->                         /* leadOverflow */
     mask = mask | ME;
     atomic { if :: BLOCKED :: else -> goto unmask fi };
     if
     :: atomic { sig & ME -> skip }
     :: atomic { canc & ME -> skip }
#ifdef TICK
     :: atomic { !BLOCKED -> skip }
#endif
     fi;
unmask:
     atomic { mask = mask & ~ME; sig = sig & ~ME }
  fi;
out:                                      /* "lock: woken" */
  atomic { if :: (canc & ME) && BLOCKED -> why = CANCELLED; goto giveup :: else -> slept = 1; goto lock fi };

taken:                                    /* "lock: taken" */
  woken = 0;
sign:                                     /* "rlock: taken" */
#ifdef TOKEN
  atomic { assert(token == 0); token = me+1;
#ifdef SIGNWHOLE
    W = seen
#endif
  };
#endif
section:
#ifdef PANIC
  if :: skip :: goto tear fi;
#endif
#ifdef TOKEN
  atomic { assert(own == me+1 && !A && token == me+1); torn = 0;
    if :: !W -> own = 0; token = 0; goto next :: else fi };
#ifndef NOTOKENCLEAR
  token = 0;                              /* clear */
#endif
#endif
  atomic { assert(own == me+1 && !A); torn = 0;
    own = 0; if :: W :: else -> goto next fi;
    why = UNLOCKED };

wakeone:
  atomic { if
  :: woken == 0 -> woken = 1
#ifdef NOTWO
  :: woken != 0 -> goto after
#else
  :: woken != 0 -> woken = 2; goto after
#endif
  fi };
waking:                                   /* "lock: waking": Shared.Wake */
  atomic {
    if :: all -> kern = 0 :: else -> if EACH(WAKE1) :: kern == 0 fi fi;
#if !OVER
    if :: all || some -> all = 0; some = 0; goto after :: else fi
#endif
  };
#if OVER
  atomic { rung = rung | mask; perhaps = (mask != 0);
#ifdef PERHAPSCOUNTS
    some = some || perhaps;
#endif
    if :: all || some -> all = 0; some = 0; perhaps = 0; goto after :: else fi };
#endif
  atomic { if :: woken == 1 -> woken = 0 :: else -> goto again fi };
#if OVER
  if :: perhaps -> perhaps = 0; goto after :: else fi;
#endif
  atomic { perhaps = 0; if :: own == 0 && !A && W -> W = 0 :: else fi; goto after };
again:
  atomic { woken = 1; perhaps = 0; goto waking };

giveup:                                   /* "lock: giving up" */
#ifndef NOCLEARCANCEL
  woken = 0;
#endif
#ifndef NOPASS
  atomic { if
#ifdef PASSW
  :: W && !HELD -> goto wakeone
#else
  :: !A && !(HELD && W) -> goto wakeone
#endif
  :: else fi };
#endif
after:
  if
  :: why == UNLOCKED -> goto next
  :: why == CANCELLED || why == UNMENDED -> goto over
  :: why == ABANDONED -> goto over        /* a locker that cannot mend */
  :: why == ABANDONED ->                  /* Recover */
     atomic { slept = 0; why = 0; if :: A -> A = 0; own = me+1 :: else -> goto lock fi };
#ifdef SIGNWHOLE
     seen = W;
#endif
     if
     :: goto sign                         /* "lock: taken over", and mended */
#ifdef MENDFREES
     :: atomic { own = 0; W = 1; why = UNMENDED; goto wakeone }
#else
     :: goto tear
#endif
     fi
  fi;
tear:                                     /* Abandon */
#ifdef TOKEN
  token = 0;
#endif
  atomic { A = 1; W = 1; why = UNMENDED };
#ifdef PANICKEEPS
  goto over;
#endif
  woken = 0; all = 1; goto waking;
next:
  slept = 0; why = 0; rounds--;
  if :: rounds > 0 -> goto lock :: else fi;
over:
  done = done | ME
  } unless { dead & ME }
}

#ifdef CANCEL
proctype Cancel() {
end: canc = 1 << (N-1)
}
#endif

#if OVER
#define ANSWER(b) :: atomic { rung & ~dead & b -> rung = rung & ~b; if :: (mask & b) && !BLOCKED -> sig = sig | b :: else fi }
proctype Dispatch() {
end:
  do EACH(ANSWER) od
}
#endif

#ifdef STOP
#define KILL(b) :: atomic { !(done & b) && (own == 0 || (1 << (own-1)) != b) -> dead = b }
#else
#define KILL(b) :: atomic { !(done & b) -> dead = b; kern = kern & ~b }
#endif
#if defined(DEATH) || defined(STOP)
proctype Kill() { if EACH(KILL) :: skip fi }
#endif

#ifdef DEATH

proctype Sweep() {
end:
  dead != 0;
#if defined(TOKEN) && !defined(TOKENLATE)
  atomic { if :: own != 0 && (1 << (own-1)) == dead && !A -> token = 0 :: else fi };
#endif
  atomic { if
  :: own != 0 && (1 << (own-1)) == dead && !A ->
#ifdef RELEASE
     own = 0
#else
     A = 1
#endif
  :: else fi };
#ifdef TOKENLATE
  token = 0;
#endif
#ifndef NODIEDWAKE
#ifdef DIEDW
  if :: W :: else -> goto forget fi;
#endif
#ifndef DIEDNOHINT
  woken = 0;
#endif
  kern = 0;
  rung = rung | mask;
#endif
forget:
  mask = mask & ~dead
}
#endif

#ifdef TOKEN
proctype Beside() {
end: atomic { token != 0 && (token != own || A) -> assert(0) }
}
#endif

init { atomic {
  own = 1;
#ifdef TOKEN
  token = 1;
  run Beside();
#endif
#ifndef RELEASE
  torn = 1;
#endif
  run P(0, 1, 1); run P(1, R1, 0); run P(2, 1, 0);
#if N == 4
  run P(3, 1, 0);
#endif
#ifdef CANCEL
  run Cancel();
#endif
#if OVER
  run Dispatch();
#endif
#ifdef DEATH
  run Sweep();
#endif
#if defined(DEATH) || defined(STOP)
  run Kill();
#endif
} }

active proctype Check() { timeout -> atomic {
  assert((done | dead) == (1 << N) - 1);
#if !defined(TICK) && !defined(STOP)
  assert(woken == 0);
#endif
  } }
