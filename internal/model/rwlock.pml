/* The readers-writer lock of internal/prim: rwlock.go, rwlock_read.go, rwlock_write.go, rwlock_death.go.
 *
 * Processes 0 .. NR-1 read once each, NR .. NR+NW-1 write ROUNDS times each. Each step below is one access to shared memory; a
 * load and a compare-and-swap that tries again until the two agree are one step, as is what a mutex or the kernel makes
 * one. The writer's word is a Lock: lock.pml shows that a writer that waits for it gets it in the end, so here it just
 * waits until it is free, and when W is cleared of a free word is left to chance.
 *
 *   own C A W        RWLock.writer.word
 *   turn open late   RWLock.gate
 *   letting          RWLock.letting: the writer sleeps until nobody is late
 *   cnt drained      the readers' counts, a bit a process: it never has two readers here
 *   R: look          RLock, RLockSlow, passes; "rwlock: reader counted"
 *      uncount       RUnlockSlow; "rwlock: reader leaving", "rwlock: reader left"
 *      slow          RLockSlow's loop: announce, tellWriter, Park; "rwlock: reader announced", "rwlock: writer told",
 *                    "rwlock: reader woken"
 *      back          giveBack; "rwlock: no longer late"
 *   W: lock          LockSlow, LockFast; "rwlock: word taken"
 *      letin         letIn, awaitLate; "rwlock: waiting for the late"
 *      shut          shut; "rwlock: shut"
 *      scan          drain, drainSlot; "rwlock: draining", "rwlock: writer woken", "rwlock: drained"
 *      section       enter; "rwlock: inside"; then Unlock, or UnlockSlow; "rwlock: leaving"
 *      release       release; "rwlock: opened"
 *      abandoned     for ErrAbandoned: the error, or Recover; "rwlock: taken over"
 *   Sweep            Died, writerDied, nextTurn; "sweep: reader gone", "sweep: rwlock"
 *
 * What is checked, when nothing can move any more: all that live have finished, and nobody is counted as late; and always:
 * a writer is alone inside, also one that has recovered; the gate is shut then; a lock is abandoned only if its holder died
 * inside.
 *
 * Scope:
 *   NR=1, NW=2   default 2 and 1
 *   ROUNDS=2     default 1
 *   CANCEL=p     the context of process p ends, at any step
 *   DEATH        one process is killed, at any step, and swept
 *   TURNTIME     a writer waits for the late ones only until its time is over, at any step
 *   FAIR=n       a reader that is counted as late is passed by at most n writers until it is inside
 *
 * No wake-up is lost, and no tick is needed. A reader that is late is passed by 2 writers at most.
 *
 * Must fail:
 *   LOOKFIRST      a reader looks at the word before it counts itself: store and load swapped
 *   SCANFIRST      a writer looks at the counts before it shuts the gate
 *   NOSHUT         a writer leaves the gate open
 *   REOPEN         a writer that gives up begins a turn while one goes on: who is late for that stays counted
 *   FREEFIRST      the word is freed before the gate opens
 *   NOC            the word is held without C while the gate opens: a death there leaves an abandoned lock open
 *   NOUNCOUNTWAKE  a reader that leaves does not wake the writer that drains
 *   NOTELL         a reader that waits does not set W: nobody opens the gate for it
 *   NOTURNWAKE     an unlock does not wake the readers
 *   NOLETTING      the last late reader does not wake the writer (passes with TURNTIME)
 *   NOBACK         a cancelled reader stays counted as late
 *   NOCOUNTDIED    the sweep leaves the dead reader's count
 *   NOTURNDIED     the sweep wakes no readers
 *   DRAINABANDONS  the sweep abandons the lock of a writer that drained
 *   NOLATE         a writer does not wait for the late ones (with FAIR)
 *   NOOWED         a writer does not set W for those that are late when it comes (with FAIR)
 */
#ifndef NR
#define NR 2
#endif
#ifndef NW
#define NW 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define ALL ((1 << (NR + NW)) - 1)
#define ME (1 << me)

byte own; bit C; bit A; bit W;
byte turn; bit open; byte late;
bit letting;
byte cnt, drained;
byte gateq, cntq, lettingq;      /* who sleeps on the gate, on the count of which process, whether on letting */
byte reading, writing;           /* who is inside */
bit torn;
byte canc, dead, done;
#ifdef FAIR
byte passed[NR];
bit waits[NR];
#endif

#define HELD  (own != 0 && !A)
#define FREE  (own == 0)

proctype R(byte me) {
  bit has, in, over;
  byte ticket;
  {
#ifdef LOOKFIRST
  if :: FREE :: !FREE -> goto slow fi;
#else
  skip;
#endif
look:                                     /* counted, then passes */
  cnt = cnt | ME;
#ifdef LOOKFIRST
  atomic { reading = reading | ME; goto inside };
#endif
  atomic { if :: FREE -> reading = reading | ME; goto inside :: else fi };
  atomic { if :: open -> reading = reading | ME; goto inside :: else fi };
uncount:
  atomic { cnt = cnt & ~ME;
    if :: drained & ME -> drained = drained & ~ME :: else -> goto left fi };
#ifndef NOUNCOUNTWAKE
  atomic { if :: cntq & ME -> cntq = cntq & ~ME :: else fi };
#endif
left:
  if :: in || over -> goto end0 :: else fi;
slow:
  if
  :: A -> over = 1; goto back
  :: FREE -> goto look
  :: HELD
  fi;
  atomic { if                             /* announce */
  :: open -> goto look
  :: !open && has && ticket == turn
  :: !open && !(has && ticket == turn) -> late++; ticket = turn; has = 1;
#ifdef FAIR
     waits[me] = 1
#endif
  fi };
#ifndef NOTELL
  atomic { if :: HELD -> W = 1 :: else -> goto slow fi };
#else
  atomic { if :: HELD :: else -> goto slow fi };
#endif
  atomic { if :: ticket == turn && !(canc & ME) -> gateq = gateq | ME
              :: ticket != turn -> goto slow
              :: ticket == turn && (canc & ME) -> over = 1; goto back fi };
  if
  :: atomic { !(gateq & ME) -> goto slow }
  :: atomic { canc & ME -> gateq = gateq & ~ME;
       if :: ticket == turn -> over = 1 :: else -> goto slow fi }
  fi;
#ifdef NOBACK
  goto end0;
#endif
back:                                     /* giveBack */
  atomic { if
  :: has && (ticket == turn || open && ticket + 1 == turn) && late > 0 ->
     late--; has = 0;
     if :: late == 0 && open :: else -> goto gaveback fi
  :: else -> has = 0; goto gaveback
  fi };
#ifndef NOLETTING
  atomic { if :: letting -> letting = 0; lettingq = 0 :: else fi };
#endif
gaveback:
  if :: over -> goto end0 :: else -> goto read fi;
inside:
  atomic { assert(!writing && !torn); in = 1;
#ifdef FAIR
    waits[me] = 0;
#endif
  };
  if :: has -> goto back :: else fi;
read:
  assert(!writing && !torn);
  atomic { reading = reading & ~ME; goto uncount };
end0:
  done = done | ME
  } unless { dead & ME }
}

proctype P(byte me; byte rounds) {
  bit giveup, hadlate;
  byte i;
  {
  skip;
lock:
  atomic { if
  :: A -> goto abandoned
  :: FREE -> own = me + 1; C = 1; goto letin
  :: HELD -> W = 1
  fi };
  if
  :: atomic { FREE || A -> goto lock }
  :: atomic { (canc & ME) && HELD -> goto over }
  fi;

letin:
#ifdef SCANFIRST
  i = 0; goto scan;
#endif
#ifdef NOLATE
  goto shut;
#endif
  if :: open && late > 0 :: else -> goto shut fi;
await:
  letting = 1;
  if :: late == 0 -> letting = 0; goto shut :: else fi;
  atomic { if :: letting && !(canc & ME) -> lettingq = 1
              :: !letting -> goto await
              :: letting && (canc & ME) -> giveup = 1; goto awaited fi };
  if
  :: atomic { !lettingq -> goto await }
  :: atomic { canc & ME -> lettingq = 0; giveup = 1 }
#ifdef TURNTIME
  :: atomic { lettingq -> lettingq = 0 }
#endif
  fi;
awaited:
  letting = 0;
  if :: giveup -> goto release :: else fi;

shut:
#ifndef NOSHUT
  atomic { if
  :: open -> open = 0; late = 0; goto scanall
  :: !open && late == 0 -> goto scanall
  :: !open && late > 0
  fi };
#ifndef NOOWED
  W = 1;
#endif
#endif
scanall:
  i = 0;
#ifdef SCANFIRST
  goto enter;
#endif
scan:
  do
  :: i < NR ->
     if
     :: atomic { !(cnt & (1 << i)) -> i++ }
     :: atomic { cnt & (1 << i) -> drained = drained | (1 << i) };
        atomic { if :: (cnt & (1 << i)) && !(canc & ME) -> cntq = cntq | (1 << i)
                    :: !(cnt & (1 << i)) -> goto again
                    :: (cnt & (1 << i)) && (canc & ME) -> giveup = 1; goto release fi };
        if
        :: atomic { !(cntq & (1 << i)) -> skip }
        :: atomic { canc & ME -> cntq = cntq & ~(1 << i);
             if :: cnt & (1 << i) -> giveup = 1; goto release :: else fi }
        fi;
again:  skip
     fi
  :: else -> break
  od;
#ifdef SCANFIRST
  i = 0; goto shut;
#endif
enter:
  atomic { C = 0; writing = writing | ME; torn = 1;
    assert(writing == ME && !reading && own == me + 1);
#ifdef FAIR
    for (i : 0 .. NR - 1) { if :: waits[i] -> passed[i]++; assert(passed[i] <= FAIR) :: else fi };
#endif
    i = 0 };
section:
  assert(writing == ME && !reading && !open);
  atomic { torn = 0; writing = writing & ~ME;    /* Unlock, or UnlockSlow's C */
    if :: !W -> own = 0; goto next
#ifdef NOC
       :: W fi };
#else
       :: W -> C = 1 fi };
#endif

release:
#ifdef FREEFIRST
  atomic { own = 0; C = 0; W = 1 };
#endif
#ifdef REOPEN
  atomic { turn++; open = 1; hadlate = late > 0 };
#else
  atomic { if :: !open -> turn++; open = 1; hadlate = late > 0 :: else fi };
#endif
#ifndef NOTURNWAKE
  if :: hadlate -> gateq = 0 :: else fi;
#endif
#ifndef FREEFIRST
  atomic { assert(own == me + 1); own = 0; C = 0; W = 1 };
#endif
  atomic { hadlate = 0; if :: FREE -> W = 0 :: skip fi };   /* nobody to wake */
  if :: giveup -> goto over :: else -> goto next fi;

abandoned:
  if
  :: goto over
  :: atomic { A -> A = 0; C = 0; own = me + 1; writing = writing | ME; torn = 1; assert(!reading && !open); goto section }
  :: atomic { !A -> goto lock }
  fi;
next:
  rounds--;
  if :: rounds > 0 -> goto lock :: else fi;
over:
  done = done | ME
  } unless { dead & ME }
}

#ifdef CANCEL
proctype Cancel() {
end: canc = 1 << CANCEL
}
#endif

#ifdef DEATH
proctype Kill() {
  byte p;
  if
  :: select (p : 0 .. (NR + NW - 1));
     atomic { if :: !(done & (1 << p)) -> dead = 1 << p; gateq = gateq & ~dead; reading = reading & ~dead; writing = writing & ~dead;
                    if :: p >= NR && own == p + 1 -> cntq = 0; lettingq = 0 :: else fi
                 :: else fi }
  :: skip
  fi
}

proctype Sweep() {
end:
  dead != 0;
#ifndef NOCOUNTDIED
  atomic { cnt = cnt & ~dead; drained = drained & ~dead };
#endif
  if
  :: own != 0 && (1 << (own - 1)) == dead && !A ->
     if :: C -> letting = 0 :: else fi;
     atomic {
#ifdef DRAINABANDONS
       A = 1; C = 0
#else
       if :: C -> own = 0; C = 0 :: else -> A = 1 fi
#endif
#ifndef NOC
       ; assert(!A || torn)
#endif
     }
  :: else
  fi;
#ifndef NOTURNDIED
  atomic { turn++; late = 0 };
  gateq = 0;
#endif
  cntq = cntq & ~dead;
  atomic { if :: letting -> letting = 0; lettingq = 0 :: else fi }
}
#endif

init { atomic {
  run R(0);
#if NR > 1
  run R(1);
#endif
  run P(NR, ROUNDS);
#if NW > 1
  run P(NR + 1, ROUNDS);
#endif
#ifdef CANCEL
  run Cancel();
#endif
#ifdef DEATH
  run Kill(); run Sweep();
#endif
} }

active proctype Check() { timeout -> atomic {
  assert((done | dead) == ALL);
  assert(late == 0)
  } }
