/* The parker over shared memory of internal/park: shared.go, lead.go, wake.go.
 *
 * Process A has NG goroutines, and PLACES places in the kernel for its leaders; process B has one goroutine, in the
 * kernel. They take permits of semaphores that a third process releases: one word for all, or with W1=1 another for A's
 * goroutine 1; both words lie in one shard and one bucket. Each step is one access to shared memory; what shard.mu or
 * the kernel makes one is one step.
 *
 *   acquire:   the caller's loop: the count, then Park
 *   enter ..   Shared.park: enter, follow, the look after it; then lead: takePlace
 *   leadDirect from setDirect to givePlace; up: out of the kernel
 *   overflow:  leadOverflow: the bit and over, the last look, the channel; unmask: the way out
 *   out:       shard.leave
 *   parked:    Park has returned; a caller with an error hands the wake-up on
 *   wake       Shared.Wake(w, 1) and ring
 *   Dispatch   Shared.dispatch and release
 *   Kicker     context.AfterFunc's goroutine: kick, for goroutine 0
 *
 * What is checked, when nothing can move any more, without the tick: nobody who lives is asleep while its semaphore has
 * a permit, or after its context has ended. And always: who leaves is the leader; a follower's channel is empty when it is
 * promoted.
 *
 * Scope:
 *   NG=2, PLACES=n, W1=1, PERMITS=n   default 3, 3, 0, 2
 *   CANCEL       the context of goroutine 0 ends, at any step
 *   DEATH        process B is killed, at any step; the sweep wakes everybody
 *   SPURIOUS=n   n futex calls return for no reason
 *
 * NOTRY (a cancelled leader does not look whether it was released) and NOPASS (the caller does not hand the wake-up on)
 * pass each alone. Must fail:
 *   NOTRY NOPASS     both
 *   NOPROMOTE        a leader leaves without promoting
 *   NOCHECK          a follower gives up without looking whether it has been promoted
 *   KICKONCE         a cancelled leader is kicked once, and may be about to sleep
 *   LOOKFIRST        overflow: the last look comes before the bit
 *   NOBELL           Wake does not ring
 *   SEQFIRST         ring: seq before the bucket's bit
 *   SEQLATE          dispatch: seq is read after the buckets
 *   MASKCLEAR        a leader leaving overflow clears the bit though another is there
 *   NODRAIN          ... leaves its release in the channel
 *   NOSWEEP          DEATH: nobody makes good for the wake-up that went to the dead
 *   MIXED=1          goroutine 1 needs two permits: another Blocked function on the same word. The leader answers for its
 *                    followers with its own, so all waiters of a word must have the same one
 */
#ifndef PLACES
#define PLACES 3
#endif
#ifndef W1
#define W1 0
#endif
#ifndef PERMITS
#define PERMITS 2
#endif
#ifndef NG
#define NG 3
#endif
#ifndef MIXED
#define MIXED 0
#endif

byte cnt[2];                          /* the words: permits of two semaphores */
byte kq[2];                           /* who sleeps on them in the kernel: a bit a goroutine */
byte lead[2], first[2], second[2];    /* process A's queues: leader, followers; goroutine + 1 */
byte signal, over, direct;            /* of A's waiters: a bit a goroutine */
byte overs;                           /* shard.over */
byte places = PLACES;                 /* free places in the kernel */
bit maskA, bell, rung, sleepsD;       /* A's bit in the mask; its bell: bucket bit, seq moved; its dispatcher sleeps */
bit canc, cancelled, gone; byte kick; /* goroutine 0: context ended; waiter.cancelled, gone; the AfterFunc */
byte fin;                             /* has a permit, or has given up */
bit dead, swept; byte spurious;

#define ME (1 << me)
#define AT ((me == 1) * W1)           /* the word of a goroutine */
#define NEED(b) (1 + ((b) == 1) * MIXED)
#define OPEN(b) (cnt[((b) == 1) * W1] >= NEED(b))
#define NONE 0
#define ARMED 1
#define KICKING 2
#define KICKED 3

#define WAKE1(b) :: kq[w] & b -> kq[w] = kq[w] & ~b

inline wake(w) {                      /* Shared.Wake(w, 1) */
  atomic { if WAKE1(1) WAKE1(2) WAKE1(4) WAKE1(8) :: kq[w] == 0 fi };
#ifndef NOBELL
  if
  :: maskA -> 
#ifdef SEQFIRST
     rung = 1; sleepsD = 0; bell = 1
#else
     bell = 1; rung = 1; sleepsD = 0
#endif
  :: else
  fi
#endif
}

inline leave(w) {                     /* shard.leave */
  atomic {
    assert(lead[w] == me+1);
#ifdef NOPROMOTE
    lead[w] = 0
#else
    lead[w] = first[w]; first[w] = second[w]; second[w] = 0;
    if :: lead[w] != 0 -> assert(!(signal & (1 << (lead[w]-1)))); signal = signal | (1 << (lead[w]-1)) :: else fi
#endif
  }
}

proctype A(byte me) {
  bit err;
acquire:
  atomic { if :: OPEN(me) -> cnt[AT] = cnt[AT] - NEED(me); goto end :: else fi };

  atomic { if :: me == 0 && canc -> err = 1; goto parked :: else fi };
  atomic { if                         /* enter */
  :: lead[AT] == 0 -> lead[AT] = me+1; goto look
  :: lead[AT] != 0 && OPEN(me) -> goto parked
  :: lead[AT] != 0 && !OPEN(me) && first[AT] == 0 -> first[AT] = me+1
  :: lead[AT] != 0 && !OPEN(me) && first[AT] != 0 -> second[AT] = me+1
  fi };
  if                                  /* follow */
  :: atomic { signal & ME -> signal = signal & ~ME }
  :: atomic { me == 0 && canc -> skip };
     atomic { if
#ifndef NOCHECK
     :: lead[AT] == me+1 -> skip
#endif
     :: first[AT] == me+1 -> first[AT] = second[AT]; second[AT] = 0; err = 1; goto parked
     :: second[AT] == me+1 -> second[AT] = 0; err = 1; goto parked
#ifdef NOCHECK
     :: else -> err = 1; goto parked
#endif
     fi };
     atomic { signal & ME -> signal = signal & ~ME }
  fi;

look:
  atomic { if :: OPEN(me) -> goto out :: else fi };
  atomic { if :: places > 0 -> places-- :: else -> goto overflow fi };

  if :: me == 0 -> kick = ARMED :: else fi;              /* leadDirect */
  direct = direct | ME;
  atomic { if :: !OPEN(me) && !(me == 0 && cancelled) :: else -> goto up fi };
  atomic { if :: !OPEN(me) -> kq[AT] = kq[AT] | ME :: else -> goto up fi };
  if
  :: atomic { !(kq[AT] & ME) -> skip }
#ifdef SPURIOUS
  :: atomic { (kq[AT] & ME) && spurious < SPURIOUS -> spurious++; kq[AT] = kq[AT] & ~ME }
#endif
  fi;
up:
  if :: me == 0 -> gone = 1 :: else fi;
  direct = direct & ~ME;
#ifdef NOTRY
  err = (me == 0 && canc);
#else
  err = (me == 0 && canc && !OPEN(me));
#endif
  if
  :: me == 0 ->
     atomic { if :: kick == ARMED -> kick = NONE; goto back :: else fi };
     atomic { kick == KICKED -> kick = NONE }
  :: else
  fi;
back:
  atomic { places++; if :: me == 0 -> gone = 0; cancelled = 0 :: else fi };
  goto out;

overflow:                             /* leadOverflow */
#ifdef LOOKFIRST
  atomic { if :: OPEN(me) -> goto out :: else fi };
  atomic { over = over | ME; overs++; maskA = 1 };
#else
  atomic { over = over | ME; overs++; maskA = 1 };
  atomic { if :: OPEN(me) -> goto unmask :: else fi };
#endif
  if
  :: atomic { signal & ME -> signal = signal & ~ME }
  :: atomic { me == 0 && canc -> err = 1 }
  fi;
unmask:
  atomic { over = over & ~ME; overs--;
#ifdef NODRAIN
    if :: overs == 0 -> maskA = 0 :: else fi
#else
    signal = signal & ~ME;
#ifdef MASKCLEAR
    maskA = 0
#else
    if :: overs == 0 -> maskA = 0 :: else fi
#endif
#endif
  };
#ifndef NOTRY
  if :: OPEN(me) -> err = 0 :: else fi;
#endif

out:
  leave(AT);
parked:
  if :: !err -> goto acquire :: else -> err = 0 fi;
#ifndef NOPASS
  if :: cnt[AT] > 0 -> wake(AT) :: else fi;
#endif
end:
  fin = fin | ME
}

proctype Kicker() {                   /* context.AfterFunc(ctx, kick) */
end:
  do
  :: atomic { canc && kick == ARMED -> kick = KICKING };
     cancelled = 1;
#ifdef KICKONCE
     kq[0] = kq[0] & ~1;
     gone;
#else
     do :: atomic { gone -> break } :: atomic { kq[0] & 1 -> kq[0] = kq[0] & ~1 } od;
#endif
     kick = KICKED
  od
}
proctype Cancel() {
end: canc = 1
}

#define RELEASE(w, b) if \
  :: lead[w] == b+1 && OPEN(b) && (over & (1 << b)) -> signal = signal | (1 << b) \
  :: lead[w] == b+1 && OPEN(b) && (direct & (1 << b)) -> kq[w] = kq[w] & ~(1 << b) \
  :: else fi
proctype Dispatch() {                 /* dispatch, release */
end:
  overs > 0;                          /* the first overflow starts it */
  do
  ::
#ifndef SEQLATE
     rung = 0;
#endif
     if :: bell -> bell = 0; atomic { RELEASE(0, 0); RELEASE(0, 2); RELEASE(W1, 1) } :: else fi;
#ifdef SEQLATE
     rung = 0;
#endif
     atomic { if :: !rung -> sleepsD = 1 :: else fi };
     !sleepsD
  od
}

proctype B() {                        /* a goroutine of another process, on the first word */
  {
  if :: true fi;
endB:
  do
  :: atomic { cnt[0] > 0 -> cnt[0]--; fin = fin | 8; break }
  :: atomic { cnt[0] == 0 -> kq[0] = kq[0] | 8 }; !(kq[0] & 8)
  od
  } unless { dead }
}

proctype Producer() { byte n = PERMITS;
  do
  :: n == 0 -> break
  :: n > 0 -> atomic { cnt[0]++ }; wake(0); n--
#if W1
  :: n > 0 -> atomic { cnt[1]++ }; wake(1); n--
#endif
  od
}

#ifdef DEATH
proctype Kill() {
  if :: atomic { !(fin & 8) -> dead = 1; kq[0] = kq[0] & ~8 } :: skip fi
}
proctype Sweep() {
end: dead;
#ifndef NOSWEEP
  kq[0] = 0;
  if :: maskA -> bell = 1; rung = 1; sleepsD = 0 :: else fi;
#endif
  swept = 1
}
#endif

init { atomic {
  run A(0); run A(1); run B(); run Producer(); run Dispatch();
#if NG == 3
  run A(2);
#endif
#ifdef CANCEL
  run Cancel(); run Kicker();
#endif
#ifdef DEATH
  run Kill(); run Sweep();
#endif
} }

active proctype Check() { timeout -> atomic {
  assert((fin & 1) || (!OPEN(0) && !canc));
  assert((fin & 2) || !OPEN(1));
  assert(NG < 3 || (fin & 4) || !OPEN(2));
  assert((fin & 8) || dead || cnt[0] == 0);
  } }
