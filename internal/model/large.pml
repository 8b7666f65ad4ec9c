/* The blocks of long messages: internal/ring, block.go, spare.go, reclaim.go, take.go, put.go; arena/blocks.go. The ring itself is a
 * channel: a put is what moves Tail, a get what moves Head; T is not modelled.
 *
 * Process 1 puts M messages; 2 and 3 take what comes, or some of it. There are NB blocks at most, and one place in Spares.
 *
 *   exists owner  the extents of the queue, and Block.Owner: 0, a process, or SPARE
 *   inRing        a record between Head and Tail names it
 *   holds         the message in it; 0: rubbish
 *   hold          pick, "ring: spare in hand", or Extend
 *   release       keep, "ring: block among the spares", or Shrink
 *   take          cut: open, "ring: block opened", Mark.move
 *   reclaim       Reclaim: "ring: orphans in hand", "ring: freeing an orphan"
 *   Sweep         sweepRing: Died, Owe, Reclaim, in the name of the dead
 *
 * What is checked: whoever reads has the message that he took; no block is freed twice or taken by two; at the end each message that was
 * put was taken once, but for those that are there or died with who had taken them, and each block is spare and found there, or in the
 * ring, or in the hand of somebody who lives; no lock is held.
 *
 * Scope:
 *   M=2          messages
 *   DEATH=i      process i is killed, at any step, and swept
 *   AGAIN        the sweeper is killed too, at any step; it has no handle of the queue. Another goes on
 *
 * Must fail:
 *   NONAME       a reclaiming frees what records name
 *   OWNLATE      a consumer makes itself the owner when it has moved Head
 *   NOOWE        the sweep tries the locks once, and leaves no word if it does not get them
 *   NOLOOK       who frees H does not look what is owed
 *   NOLOOKB      who frees B does not
 *   KEEPFIRST    a block is spare before it is in Spares
 *   TAKEFIRST    it leaves Spares before somebody has it in hand
 *   HINT         an orphan is freed that is in Spares still
 *   OWNNAME      the sweeper takes locks in its own name (with AGAIN)
 */
#ifndef M
#define M 2
#endif
#define NB 2
#define SPARE 9
#ifdef DEATH
#define victim DEATH
#else
#define victim 8
#endif
#define DEAD(i) (i == victim && gone || i == 4 && sgone)

bit exists[4], inRing[4], gone, sgone, done;
byte owner[4], holds[4], H, B, spare, owed;
byte put[4], got[4];
chan ring = [M] of { byte };

inline drop(b) {
  atomic { assert(exists[b]); assert(!inRing[b]); exists[b] = 0; owner[b] = 0; holds[b] = 0; b = 0 }
}

inline decide(b, who) {
  atomic {
    if
    :: exists[b] && owner[b] != 0 && owner[b] != SPARE && DEAD(owner[b]) ->
      if
#ifndef NONAME
      :: inRing[b] -> owner[b] = 0
      :: !inRing[b] ->
#else
      :: true -> inRing[b] = 0;
#endif
        owner[b] = who;
        o[b] = 1;
#ifndef HINT
        if
        :: spare == b -> spare = 0
        :: spare != b
        fi
#endif
      fi
    :: else
    fi
  }
}

inline reclaim(who) {
  do
  :: owed == 0 -> break
  :: owed > 0 && H != 0 -> break
  :: atomic { owed > 0 && H == 0 -> H = who };
    if
    :: B != 0 ->
      H = 0;
      if
      :: B != 0 -> break
      :: B == 0
      fi
    :: atomic { B == 0 -> B = who };
      seen = owed;
      decide(1, who);
      decide(2, who);
      atomic {
        if
        :: owed == seen -> owed = 0
        :: owed != seen
        fi
      };
      B = 0;
      H = 0;
      if
      :: o[1] -> o[1] = 0; x = 1; drop(x)
      :: !o[1]
      fi;
      if
      :: o[2] -> o[2] = 0; x = 2; drop(x)
      :: !o[2]
      fi
    fi
  od
}

inline looksB() {
#ifndef NOLOOKB
  reclaim(me)
#else
  skip
#endif
}

inline hold() {
  atomic { B == 0 -> B = me; assert(spare == 0 || exists[spare]) }; /* what is looked at is a block */
  if
  :: spare != 0 && owner[spare] == SPARE ->
    b = spare;
#ifdef TAKEFIRST
    spare = 0;
    owner[b] = me;
#else
    owner[b] = me;
    spare = 0;
#endif
    assert(exists[b]); B = 0
  :: else ->
    spare = 0;
    B = 0;
    atomic {
      if
      :: !exists[1] -> b = 1
      :: exists[1] && !exists[2] -> b = 2
      fi;
      exists[b] = 1; owner[b] = me; holds[b] = 0
    }
  fi;
  looksB()
}

inline release() {
  atomic { B == 0 -> B = me; assert(spare == 0 || exists[spare]) }; /* what is looked at is a block */
  if
  :: spare == 0 || owner[spare] != SPARE ->
    holds[b] = 0;
#ifdef KEEPFIRST
    owner[b] = SPARE;
    spare = b;
#else
    spare = b;
    owner[b] = SPARE;
#endif
    b = 0;
    B = 0
  :: else ->
    B = 0;
    drop(b)
  fi;
  looksB()
}

proctype Producer(byte me) {
  byte b, n, seen, x;
  bit o[4];
  {
    do
    :: n < M ->
      hold();
      n++;
      atomic { assert(owner[b] == me); holds[b] = n };
      atomic { assert(exists[b] && owner[b] == me); ring!b; inRing[b] = 1; put[n] = 1; b = 0 }
    :: n == M -> break
    od;
    done = 1
  } unless { me == victim && gone }
}

proctype Consumer(byte me) {
  byte b, n, seen, x;
  bit o[4];
  {
    do
    :: atomic { H == 0 && (nempty(ring) || done || DEAD(1)) -> H = me };
      if
      :: nempty(ring) ->
        atomic { ring?<b>; assert(exists[b]) };
#ifndef OWNLATE
        owner[b] = me;
#endif
        atomic { ring?b; inRing[b] = 0; n = holds[b]; got[n]++ };
#ifdef OWNLATE
        owner[b] = me;
#endif
        H = 0;
#ifndef NOLOOK
        reclaim(me);
#endif
        atomic { assert(exists[b] && owner[b] == me && holds[b] == n) };
        release();
        if
        :: true -> break /* it wants no more */
        :: true
        fi
      :: empty(ring) ->
        H = 0;
#ifndef NOLOOK
        reclaim(me);
#endif
        break
      fi
    od
  } unless { me == victim && gone }
}

inline sweep(me) {
  if
  :: H == victim -> H = 0
  :: H != victim
  fi;
  if
  :: B == victim -> B = 0
  :: B != victim
  fi;
  owed++;
  reclaim(me);
#ifdef NOOWE
  owed = 0
#endif
}

#ifdef OWNNAME
#define NAME 4
#else
#define NAME victim
#endif

proctype Sweep() {
  byte seen, x;
  bit o[4];
  gone = 1;
#ifdef AGAIN
  { sweep(NAME); false } unless { sgone };
  o[1] = 0; o[2] = 0;
#endif
  sweep(victim)
}

#ifdef AGAIN
proctype Kill() { gone; sgone = 1 }
#endif

#define LEFT(b) (exists[b] && !inRing[b] && !(owner[b] == SPARE && spare == b))

init {
  atomic {
    run Producer(1);
    run Consumer(2);
    run Consumer(3);
#ifdef DEATH
    run Sweep();
#endif
#ifdef AGAIN
    run Kill();
#endif
  };
  timeout ->
  assert(H == 0 && B == 0);
  assert(owed == 0);
  assert(!LEFT(1) && !LEFT(2));
  assert(got[1] <= put[1] && got[2] <= put[2]);
  assert(len(ring) > 0 || got[1] == put[1] && got[2] == put[2])
}
