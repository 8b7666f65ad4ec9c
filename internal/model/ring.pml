/* Who wakes whom at a queue: internal/ring, put.go, line.go, take.go, wait.go, shut.go. That the bytes are whole is the order of two
 * stores, and not modelled; nor are T and H: what is done under them up to the CAS that commits is one step here.
 *
 * Goroutines 0 .. C-1 take R messages each, and C .. N-1 put as many; the first producer's take 2 places of CAP, the others' 1.
 * Each is a process of its own. A load and a compare-and-swap that tries again until the two agree are one step.
 *
 *   ring used    the records between Head and Tail, and their size
 *   Wt Wh        W in Tail and in Head
 *   line         Ring.Line. How one waits for it is the subject of lock.pml
 *   take, put:   cut and append: Mark.move takes W away
 *   wakeT wakeH  "ring: waking a consumer", "ring: waking a producer": Parker.Wake; which sleeper it is, is open
 *   none:        awaitData: announce, "ring: waiter announced", Park, "ring: woken"
 *   full:        awaitSpace: the same
 *   handOn       "ring: handing on"
 *   lined        Put: is there somebody in line who sleeps
 *   Shutter      Shutdown, "ring: shut", "ring: shut at both ends", "ring: dropping": St and Sh are S in Tail and in Head
 *   Sweep        Died
 *
 * What is checked, when nothing can move any more, of all that live: nobody sleeps for a message that is there, nor for room
 * that there is; nobody stands in line with nobody before it; nobody sleeps at a ring that is shut at both ends, nor at one that
 * is shut at all if who shut it lives or is swept.
 *
 * Scope:
 *   R=1          messages of each; default 2; with 0 nobody takes any
 *   P=2          ... of each producer, if it is not R: some stay in the ring
 *   CANCEL       the context of the first consumer and of the first producer ends while they sleep, at any time
 *   DEATH=i      process i is killed, at any step, and swept
 *   STOP=i       ... it is stopped instead, for ever, and not swept: the parker's tick releases sleepers that are not
 *                blocked, and those in line look again
 *   SHUT         somebody shuts the ring, at any time; it is process 4, of which DEATH and STOP may speak
 *   DROP         ... and takes all messages out, at once
 *
 * Must fail:
 *   NOHANDON     who has slept leaves messages and wakes nobody
 *   NOW          who has slept leaves none, and does not set W
 *   NOPASS       a cancelled consumer leaves as if it had not slept
 *   NOLINE       every producer sleeps on Head, and one is woken
 *   NOWAKE       the sweep wakes nobody
 *   NOFREE       ... does not free the line
 *   NOTELL       ... does not finish the shutdown of the dead
 *   ONEEND       who shuts the ring says so at Tail alone
 *   FLAG         W in Tail is a flag of its own: who was woken sets it at once and then stops (with STOP)
 */
#ifndef R
#define R 2
#endif
#ifndef P
#define P R
#endif
#define C 2
#define N 5
#define CAP 2
#define nobody 9
#ifdef DEATH
#define victim DEATH
#elif defined(STOP)
#define victim STOP
#else
#define victim nobody
#endif
#if victim < C
#define ENDSC unless { me == victim && (gone[me] || stopped[me]) }
#else
#define ENDSC
#endif
#if victim == 4
#define ENDSS unless { gone[me] || stopped[me] }
#else
#define ENDSS
#endif
#if victim < 4 && victim >= C
#define ENDSP unless { me == victim && (gone[me] || stopped[me]) }
#else
#define ENDSP
#endif
#define NEED(i) (i == C -> 2 : 1)

chan ring = [CAP] of { byte };
byte used, line;
bit Wt, Wh, St, Sh;
bit sleepsT[N], sleepsH[N], inLine[N];
bit gone[N], stopped[N];
bit told; /* the shutdown came to its end */

inline wakeT() {
  atomic {
    if
    :: sleepsT[0] -> sleepsT[0] = 0
    :: sleepsT[1] -> sleepsT[1] = 0
    :: !sleepsT[0] && !sleepsT[1]
    fi
  }
}

inline wakeH() {
  atomic {
    if
    :: sleepsH[2] -> sleepsH[2] = 0
    :: sleepsH[3] -> sleepsH[3] = 0
    :: !sleepsH[2] && !sleepsH[3]
    fi
  }
}

inline handOn() {
  atomic {
    if
    :: Wt || St -> more = 0
    :: !Wt && !St && nempty(ring) -> more = 1
    :: !Wt && !St && empty(ring) -> more = 0;
#ifndef NOW
      Wt = 1
#endif
    fi
  };
#ifndef NOHANDON
  if
  :: more -> more = 0; wakeT()
  :: else
  fi
#else
  more = 0
#endif
}

proctype Consumer(byte me) {
  byte r, size;
  bit slept, w, more, over;
  {
    do
    :: r < R && !over ->
      atomic { /* take */
        size = 0;
        if
        :: nempty(ring) -> ring?size; used = used - size; w = Wh; Wh = 0
        :: empty(ring) && St -> over = 1
        :: empty(ring) && !St
        fi
      };
      if
      :: size > 0 ->
        r++; size = 0;
        if
        :: w -> w = 0; wakeH()
        :: else
        fi;
        if
        :: slept -> handOn(); slept = 0
        :: else
        fi
      :: size == 0 && over ->
        if
        :: slept -> handOn()
        :: else
        fi
      :: else ->
        atomic { /* none */
          if
          :: empty(ring) && !St -> Wt = 1; more = 1
          :: nempty(ring) || St -> more = 0
          fi
        };
        if
        :: more ->
          more = 0;
          atomic {
            if
            :: Wt && !St -> sleepsT[me] = 1
            :: !Wt || St
            fi
          };
          if
          :: !sleepsT[me]
#ifdef CANCEL
          :: me == 0 -> sleepsT[me] = 0; over = 1
#endif
          fi;
          slept = 1;
#ifdef FLAG
          Wt = 1;
#endif
          if
          :: over ->
#ifndef NOPASS
            handOn()
#endif
          :: else
          fi
        :: else -> slept = 1
        fi
      fi
    :: else -> break
    od
  } ENDSC
}

inline put() {
  atomic {
    if
    :: St -> ok = 0; over = 1
    :: !St && used + NEED(me) <= CAP -> ring!NEED(me); used = used + NEED(me); w = Wt; Wt = 0; ok = 1
    :: else -> ok = 0
    fi
  };
  if
  :: ok && w -> w = 0; wakeT()
  :: else
  fi
}

proctype Producer(byte me) {
  byte r;
  bit w, ok, mine, over;
  {
    do
    :: r < P && !over ->
      ok = 0;
      if
      :: atomic { !mine && line != 0 && Wh && !Sh -> skip } /* lined */
      :: atomic { mine || line == 0 || !Wh || Sh -> skip }; put()
      fi;
      if
      :: ok || over ->
        r++; ok = 0;
        if
        :: mine -> mine = 0; line = 0
        :: else
        fi
#ifndef NOLINE
      :: !ok && !over && !mine ->
        inLine[me] = 1;
        atomic {
          if
          :: line == 0 -> line = me + 1; mine = 1
#ifdef STOP
          :: line != 0 && !Wh -> skip /* a tick later */
#endif
          fi;
          inLine[me] = 0
        }
#endif
      :: else ->
        atomic { /* full */
          if
          :: used + NEED(me) > CAP && !St && !Sh -> Wh = 1; w = 1
          :: else -> w = 0
          fi
        };
        if
        :: w ->
          w = 0;
          atomic {
            if
            :: Wh && !Sh -> sleepsH[me] = 1
            :: !Wh || Sh
            fi
          };
          if
          :: !sleepsH[me]
#ifdef CANCEL
          :: me == C -> sleepsH[me] = 0; over = 1; mine = 0; line = 0
#endif
          fi
        :: else
        fi
      fi
    :: else -> break
    od
  } ENDSP
}

#ifdef SHUT
proctype Shutter(byte me) {
  byte size;
  {
    St = 1;
#ifndef ONEEND
    Sh = 1;
#endif
    atomic { sleepsT[0] = 0; sleepsT[1] = 0 };
    atomic { sleepsH[2] = 0; sleepsH[3] = 0 };
#ifdef DROP
    atomic {
      do
      :: nempty(ring) -> ring?size
      :: empty(ring) -> break
      od;
      used = 0; Wh = 0
    }
#endif
    told = 1
  } ENDSS
}
#endif

#ifdef DEATH
proctype Sweep() {
  atomic { gone[victim] = 1; sleepsT[victim] = 0; sleepsH[victim] = 0; inLine[victim] = 0 };
#ifndef NOFREE
  if
  :: line == victim + 1 -> line = 0
  :: else
  fi;
#endif
#ifndef NOTELL
  if
  :: St -> Sh = 1
  :: else
  fi;
#endif
#ifndef NOWAKE
  atomic { sleepsT[0] = 0; sleepsT[1] = 0 };
  atomic { sleepsH[2] = 0; sleepsH[3] = 0 }
#endif
}
#endif

#ifdef STOP
proctype Stop() {
  stopped[victim] = 1
}

proctype Tick() {
end:
  do
  :: atomic { (!Wt || St) && sleepsT[0] && !stopped[0] -> sleepsT[0] = 0 }
  :: atomic { (!Wt || St) && sleepsT[1] && !stopped[1] -> sleepsT[1] = 0 }
  :: atomic { (!Wh || Sh) && sleepsH[2] && !stopped[2] -> sleepsH[2] = 0 }
  :: atomic { (!Wh || Sh) && sleepsH[3] && !stopped[3] -> sleepsH[3] = 0 }
  od
}
#endif

#define LIVES(i) (!gone[i] && !stopped[i])

init {
  atomic {
    run Consumer(0);
    run Consumer(1);
    run Producer(2);
    run Producer(3);
#ifdef SHUT
    run Shutter(4);
#endif
#ifdef DEATH
    run Sweep();
#endif
#ifdef STOP
    run Stop();
    run Tick();
#endif
  };
  timeout ->
  if
  :: gone[4] && St -> told = 1
  :: else
  fi;
  assert(!((told || Sh) && ((LIVES(0) && sleepsT[0]) || (LIVES(1) && sleepsT[1]))));
  assert(!((told || Sh) && ((LIVES(2) && sleepsH[2]) || (LIVES(3) && sleepsH[3]))));
  assert(!(LIVES(0) && sleepsT[0] && used > 0));
  assert(!(LIVES(1) && sleepsT[1] && used > 0));
  assert(!(LIVES(2) && sleepsH[2] && used + 2 <= CAP));
  assert(!(LIVES(3) && sleepsH[3] && used + 1 <= CAP));
  assert(!(LIVES(2) && inLine[2] && line == 0));
  assert(!(LIVES(3) && inLine[3] && line == 0));
  assert(line == 0 || LIVES(line - 1) || stopped[line - 1])
}
