/* The barrier of internal/prim: barrier.go, barrier_break.go, barrier_death.go.
 *
 * Three processes wait at a barrier for PARTIES, WAITS times together, until they have got through or the barrier is
 * broken for good; who was only reset comes again. Each step below is one access to shared memory; a load
 * and a compare-and-swap that tries again until the two agree are one step, as is what a mutex or the kernel makes one.
 * The lock is the one of lock.pml, and is one step here; a record is written in one step, as Turn comes last.
 *
 *   turn arrived W broken res   Barrier.state; res are its reset bits
 *   resets own rec              Barrier.resets, lock, breaks
 *   inside party                the seats
 *   seat:      Wait; "barrier: seated"
 *   count:     Wait: resets, then the state; "barrier: arrived"
 *   act:       act; "barrier: acted", then pass; "barrier: passing"
 *   passed:    pass: "barrier: passed", and the wake-up
 *   sleep:     await; "barrier: waiter announced", Park, "barrier: woken"
 *   verdict:   verdict, and ended with the lock
 *   giveup:    giveUp, shatter; "barrier: breaking", "barrier: told why", "barrier: broken"
 *   again:     brokenNow
 *   wait:      await of a newcomer, while another runs the action
 *   rise:      "barrier: rising"
 *   Reset      Reset, by a process that is no party: shatter, mend; "barrier: mending", "barrier: mended"
 *   Sweep      FreeLock, Died; "sweep: barrier"
 *
 * What is checked, when nothing can move any more: all that live have finished. And always: a turn ends as passed only if
 * all parties had come to it, and its waiters are told how it ended, and by whom it was broken.
 *
 * Scope:
 *   PARTIES=2, WAITS=n   default 3 and 3
 *   ACTION       the last to come runs an action
 *   CANCEL       the context of process 1 ends, at any step
 *   RESET=n      n resets at any time
 *   DEATH        one process, or who resets, is killed, at any step, and swept
 *   START        all are parties from the start; else from their first wait, and who dies before it is not awaited
 *   TICK         the parker's tick releases sleepers that are not blocked
 *
 * Must fail:
 *   NOW          a waiter sleeps without W
 *   NOWAKE       who passes the barrier wakes nobody (passes with TICK)
 *   NODIEDWAKE   the sweep wakes nobody (passes with TICK)
 *   SEATLATE     a process sits down after its arrival: killed in between, it is not missed
 *   NORESETS     a waiter takes any new turn for a passed one
 *   COUNTLATE    mend counts the reset after the state says so
 *   NOREPAIR     the sweep frees the lock of the dead, and leaves the record of a break that was not made
 *   NOUNWRITE    who comes too late to break a turn leaves its record
 *   ACTBLIND     who ran the action passes the barrier though it was broken meanwhile
 *   NODEATH      the sweep breaks nothing
 *   WRITELATE    the record is written when the barrier is broken: killed in between, nobody knows by whom
 */
#define N 3
#ifndef PARTIES
#define PARTIES 3
#endif
#ifndef WAITS
#define WAITS 3
#endif
#ifndef RESET
#define RESET 0
#endif
#define TURNS 8

byte turn, arrived, res; bit W, broken;  /* Barrier.state */
byte resets, own;                        /* Barrier.resets; Barrier.lock: process + 1 */
byte recTurn[4], recWho[4];              /* Barrier.breaks, one a reset: turn + 1, and process + 1 or RESETS */
byte inside, party;                      /* the seats, a bit a process: each has one goroutine here */
byte kern;                               /* who sleeps, a bit a process */
bit canc; byte dead, done;               /* process 1's context has ended; a bit a process */
byte left = WAITS;                       /* waits that are still to be made */

/* What is true, to compare with what is told: how turns ended, how many had come, who has come at all. */
byte ended[TURNS], by[TURNS], present[TURNS], seen;
#define PASSED 1
#define BROKEN 2
#define RESETS 9                         /* by a reset */
#define R N                              /* who resets, beside the processes */

#define ME (1 << me)
#define BLOCKED (turn == came && !broken)
#define ENDED (me == 1 && canc)

inline lock() { atomic { own == 0 -> own = me+1 } }

inline pass() {                          /* nextTurn */
  assert(present[turn] == PARTIES);
  ended[turn] = PASSED; turn++; arrived = 0; wake = W; W = 0
}

inline shatter(who) { ended[turn] = BROKEN; by[turn] = who; broken = 1; W = 0 }

inline write(who) { atomic { recTurn[res] = turn+1; recWho[res] = who } }

inline unwrite() { recTurn[res] = 0 }

inline mend() {                          /* "barrier: mending" */
#ifdef COUNTLATE
  atomic { turn++; res++; arrived = 0; broken = 0; W = 0 };
  resets++
#else
  resets++;
  atomic { turn++; res++; arrived = 0; broken = 0; W = 0 }
#endif
}

inline park() {                          /* Park */
  atomic { if :: BLOCKED && !ENDED -> kern = kern | ME :: else -> goto woken fi };
  if
  :: atomic { !(kern & ME) -> skip }
  :: atomic { ENDED -> kern = kern & ~ME }
#ifdef TICK
  :: atomic { (kern & ME) && !BLOCKED -> kern = kern & ~ME }
#endif
  fi
}

proctype P(byte me) {
  byte came, myres, mycount, who; bit wake, first, last;
  {
  atomic { if :: left > 0 -> left-- :: else -> goto over fi };
seat:
#ifndef SEATLATE
  atomic { inside = inside | ME; party = party | ME };
#endif
count:
  mycount = resets;
  atomic { came = turn; myres = res; first = 0; last = 0;
    if
    :: broken -> goto again
    :: !broken && arrived == PARTIES -> first = 1; goto sleep
    :: !broken && arrived < PARTIES -> arrived++; present[turn]++; seen = seen | ME;
#ifdef ACTION
       last = (arrived == PARTIES)
#else
       if :: arrived == PARTIES -> pass(); goto passed :: else fi
#endif
    fi };
#ifdef SEATLATE
  atomic { inside = inside | ME; party = party | ME };
#endif
#ifdef ACTION
  if :: last -> goto act :: else fi;
#endif

sleep:                                   /* "barrier: waiter announced" */
  atomic { if
  :: !BLOCKED && first -> goto count
  :: !BLOCKED && !first -> goto verdict
  :: BLOCKED ->
#ifndef NOW
     W = 1
#endif
  fi };
  park();
woken:                                   /* "barrier: woken" */
  atomic { if :: ENDED && BLOCKED -> goto giveup :: else -> goto sleep fi };

#ifdef ACTION
act:
  atomic { if                            /* "barrier: acted" */
#ifdef ACTBLIND
  :: arrived = 0; pass(); broken = 0; goto passed
#else
  :: !BLOCKED -> goto verdict
  :: BLOCKED -> pass(); goto passed
#endif
  fi };
#endif

passed:                                  /* "barrier: passed" */
#ifndef NOWAKE
  if :: wake -> kern = 0 :: else fi;
#endif
  atomic { wake = 0; assert(ended[came] == PASSED); goto rise };

verdict:                                 /* the state is another, or broken; then resets */
  if
#ifdef NORESETS
  :: atomic { turn != came -> assert(ended[came] == PASSED); goto rise }
#else
  :: turn != came -> if :: atomic { resets == mycount -> assert(ended[came] == PASSED); goto rise } :: atomic { resets != mycount -> skip } fi
#endif
  :: atomic { turn == came -> skip }
  fi;
  lock();
judge:                                   /* ended, under the lock */
  atomic { if
  :: recTurn[myres] == came+1 -> who = recWho[myres]; assert(ended[came] == BROKEN && by[came] == who)
  :: else -> assert(turn != came && ended[came] == PASSED); who = 0
  fi };
  atomic { own = 0; if :: first && who == 0 -> goto count :: else -> goto told fi };

giveup:
  lock();
#ifndef WRITELATE
  atomic { if                            /* "barrier: breaking" */
  :: BLOCKED -> write(me+1)
  :: else -> goto judge
  fi };
#endif
  atomic { if                            /* "barrier: told why" */
  :: BLOCKED -> shatter(me+1); goto broke
  :: else
  fi };
#ifndef NOUNWRITE
  unwrite();
#endif
  goto judge;
broke:                                   /* "barrier: broken" */
#ifdef WRITELATE
  write(me+1);
#endif
  kern = 0;
  atomic { own = 0; who = me+1; goto told };

again:                                   /* brokenNow */
  lock();
  atomic { if
  :: broken -> assert(recTurn[res] == turn+1); who = recWho[res]
  :: else -> who = RESETS
  fi };
  atomic { own = 0; if :: who == RESETS -> goto count :: else -> goto told fi };

told:                                    /* who was only reset comes again */
  if :: who == RESETS -> who = 0; goto count
  :: who == 0 -> skip
  :: who != 0 && who != RESETS -> left = 0
  fi;
rise:                                    /* "barrier: rising" */
  atomic { inside = inside & ~ME; if :: left > 0 -> left--; goto seat :: else fi };
over:
  done = done | ME
  } unless { dead & ME }
}

#if RESET
proctype Reset(byte me) {
  byte times = RESET;
  {
  do
  :: times > 0 ->
     lock();
again:
     atomic { if
     :: !broken && arrived == 0 -> goto free
     :: broken -> goto heal
     :: else -> write(RESETS)
     fi };
     atomic { if
     :: !broken && recTurn[res] == turn+1 -> shatter(RESETS); goto heal
     :: else
     fi };
     unwrite();
     goto again;
heal:
     mend();
     kern = 0;                           /* "barrier: mended" */
free:
     atomic { own = 0; times-- }
  :: times == 0 -> break
  od;
  done = done | ME
  } unless { dead & ME }
}
#endif

#ifdef CANCEL
proctype Cancel() {
end: canc = 1
}
#endif

#ifdef DEATH
#define KILL(b) :: atomic { !(done & b) -> dead = b; kern = kern & ~b }
#define WHO (1 + (dead & 2) / 2 + (dead & 4) / 2 + (dead & 8) * 3 / 8)
proctype Kill() { if KILL(1) KILL(2) KILL(4)
#if RESET
  KILL(8)
#endif
  :: skip fi }

proctype Sweep() {
  byte me = 7;                           /* any process that lives; none of those above waits for it */
end:
  dead != 0;
  if                                     /* Lock.Died, repair */
  :: own == WHO ->
#ifndef NOREPAIR
     if
     :: atomic { !broken -> unwrite() }
     :: broken && recWho[res] == RESETS -> mend()
     :: else
     fi;
#endif
     own = 0
  :: own != WHO
  fi;
#ifndef NODEATH
  if
  :: (inside | party) & dead ->
     lock();
     do                                  /* breakAny */
     :: atomic { !broken -> write(WHO) };
        atomic { if :: recTurn[res] == turn+1 -> shatter(WHO) :: else fi }
     :: atomic { broken -> break }
     od;
     own = 0
  :: else
  fi;
#endif
  atomic { inside = inside & ~dead; party = party & ~dead };  /* "sweep: barrier" */
#ifndef NODIEDWAKE
  kern = 0
#endif
}
#endif

init { atomic {
#ifdef START
  party = (1 << N) - 1;
#endif
  run P(0); run P(1); run P(2);
#if RESET
  run Reset(R);
#else
  done = 1 << R;
#endif
#ifdef CANCEL
  run Cancel();
#endif
#ifdef DEATH
  run Sweep();
  run Kill();
#endif
} }

active proctype Check() { timeout -> atomic {
#ifndef START
  if :: dead && !(seen & dead) -> goto end :: else fi; /* nobody was to know that it would come */
#endif
#ifdef CANCEL
#define GONE canc
#else
#define GONE dead
#endif
  if :: RESET && GONE -> goto end :: else fi; /* it was mended after one had gone: the others wait in vain */
  assert((done | dead) == (1 << (N+1)) - 1);
end: skip
  } }
