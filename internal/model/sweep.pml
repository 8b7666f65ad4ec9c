/* The process table of internal/arena, and a lock inside an object: slot.go, life.go, sweep.go, state.go, heap.go.
 *
 * NS slots, each with a living process but for one corpse; all look for the dead and sweep them, some claim a slot for a
 * new process. Process 0 is never killed. Each step is one access to shared memory, or one answer of the kernel. The first
 * corpse and process 0 have a handle of the object; the corpse may have died with its lock.
 *
 *   state gen sweeper   Slot.State
 *   holder              who holds the life byte: the tenant, or who claims the slot
 *   bits latch          Object.Holders; the lock inside the object, which sweeps take
 *   PICK       tick, look: the generation, then the proof
 *   PICKB      Bury: process 0 has reaped them all
 *   take:      seize, up to its CAS; chain is its recursion to the sweeper, whose own comes first
 *   disarm:    disarm: "sweep: taken", corpsesOf, unlatch, "sweep: locks free"
 *   inherit:   the end of disarm
 *   next:      sweepSlot; corps is Arena.corpses
 *   locking:   finish: takeSweeping; died; dropHolder
 *   free:      "sweep: board done", the store of Free
 *   CLAIM      Claim: "claim: byte taken"; of a corpse, CLAIMC
 *   settle:    settle: "claim: slot written", "claim: starting"; then fork and exec. The first step of P is enter: "start: before live"
 *
 * What is checked, always: a slot is made Dead only after its tenant's death, and swept by one at a time; it is made Free by
 * its sweeper, and not before the lock is free that its tenant had. And when nothing can move any more: the slots of the dead
 * are Free, nobody holds their byte, and nobody has the lock.
 *
 * Scope:
 *   NS=3 or 4, DEATHS=n (of others than 0), CLAIMS=n   default 4, 2, 1
 *   CORPSE       dead slots are claimed too, as when none is free
 *   BURY         process 0 buries whom it has reaped
 *   PIDS         a pid proves death too; otherwise the life byte alone
 *   NOINHERIT    the corpses of a dead sweeper are not taken over with it: whoever looks next does
 *   NOLATCH      without the object
 *
 * Must fail:
 *   SWEEPERONLY      the lock that a sweeper died with is looked for in the objects of the sweeper alone
 *   CORPSEFIRST      a corpse is taken over before its sweeper was swept
 *   SLOTONLY         the sweeper in a state is a slot, not an id: with NOINHERIT; with INHERITASKS
 *   INHERITASKS      a corpse of one that is in our hands is taken over only if that one is, once more, proved dead: not if
 *                    the claimer holds its byte (with CORPSE)
 *   BURYLATE         Bury reads the generation after it has compared the id: the slot may have a new tenant
 *   LATEGEN          look reads the generation after the proof
 */
#ifndef NS
#define NS 4
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef CLAIMS
#define CLAIMS 1
#endif
#define NOBODY 9
#define CORPSE0 (NS-1)
#define BIT(s) (1 << (s))

mtype = { FREE, STARTING, LIVE, DEAD };
mtype state[NS];                      /* State: status ... */
byte sweeper[NS], sweepergen[NS];     /* ... whose sweeper, an id ... */
byte gen[NS];                         /* ... generation */
byte holder[NS];                      /* the life byte: slot of the process that holds it */
bit live[NS];                         /* the tenant lives */
byte busy[NS];                        /* who has the corpse in hand; for the assertions */
byte deaths, claims;
byte bits, latch;                     /* slots with a handle; who has the lock, slot + 1 */
#ifdef BURY
bit unburied[NS]; byte unburiedgen[NS];   /* process 0 is the parent: it has reaped them */
#endif

#define TAKEN(s) (holder[s] != NOBODY)
#ifdef PIDS
#define GONE(s) (!TAKEN(s) || !live[s] && state[s] != STARTING)   /* the pid proves it too, if it is known */
#else
#define GONE(s) (!TAKEN(s))
#endif
#ifdef SLOTONLY
#define SAMEGEN(s, g) true
#define SAMESWEEPER(t) (sweeper[t] == vs)
#else
#define SAMEGEN(s, g) (gen[s] == g)
#define SAMESWEEPER(t) (sweeper[t] == vs && sweepergen[t] == vsg)
#endif
#define SWEEPERLIVES(s, g) (SAMEGEN(s, g) && !GONE(s))
#ifdef INHERITASKS
#define INHAND(s, g) (false)
#else
#define INHAND(s, g) ((corps & BIT(s)) && SAMEGEN(s, g))
#endif

/* A look at a corpse that is in the hands of the living, or of a corpse of theirs, changes nothing: leave it out, so that a
 * sweep that is stuck is quiet. */
#define BYTHELIVING(s) (state[s] == DEAD && SWEEPERLIVES(sweeper[s], sweepergen[s]))
#define BYTHEIRS(s) (state[s] == DEAD && SAMEGEN(sweeper[s], sweepergen[s]) && BYTHELIVING(sweeper[s]))
#ifdef NOINHERIT
#define SWEPT(s) BYTHELIVING(s)
#else
#define SWEPT(s) (BYTHELIVING(s) || BYTHEIRS(s) || state[s] == DEAD && SAMEGEN(sweeper[s], sweepergen[s]) && BYTHEIRS(sweeper[s]))
#endif

inline own(t) {                       /* the CAS of seize */
  assert(!live[t]);
  assert(busy[t] == NOBODY);
  state[t] = DEAD; sweeper[t] = me; sweepergen[t] = mygen; busy[t] = me; vs = 0; vsg = 0; vg = 0
}

#define PICK(s) :: looks && s != me && state[s] != FREE && GONE(s) && !SWEPT(s) -> t = s; vg = gen[s]
#define PICKB(s) :: me == 0 && unburied[s] -> unburied[s] = 0; t = s; vg = unburiedgen[s]
#define OFTHEDEAD(s) if :: state[s] == DEAD && sweeper[s] == t && SAMEGEN(t, sweepergen[s]) -> held = held | BIT(s) :: else fi;
#define INHERIT(s) :: !(tried & BIT(s)) && !(corps & BIT(s)) && state[s] == DEAD && (corps & BIT(sweeper[s])) && SAMEGEN(sweeper[s], sweepergen[s]) -> t = s; vg = gen[s]; tried = tried | BIT(s)
#define NEXT(s) :: (corps & BIT(s)) -> c = s
#define CLAIM(s) :: s != me && state[s] == FREE && !TAKEN(s) && claims < CLAIMS -> claims++; holder[s] = me; cl = s
#define CLAIMC(s) :: s != me && state[s] != FREE && !TAKEN(s) && claims < CLAIMS -> claims++; holder[s] = me; cl = s; t = s; vg = gen[s]; claiming = 1
#if NS == 3
#define EACHSLOT(f) f(0) f(1) f(2)
#define ALSO(f) f(0) f(1) f(2)
#else
#define EACHSLOT(f) f(0) f(1) f(2) f(3)
#define ALSO(f) f(0) f(1) f(2) f(3)
#endif

proctype P(byte me; byte mygen; bit looks) {
  byte t, vg, vs, vsg, held, tried; byte chain[3], chaingen[3], depth;
  byte corps, c = NOBODY, cl = NOBODY; bit claiming;
  {
  atomic { if :: state[me] == STARTING && gen[me] == mygen -> state[me] = LIVE :: else -> assert(state[me] == LIVE && gen[me] == mygen) fi };
idle:
  atomic { t = 0; vg = 0; cl = NOBODY };
endidle:
  if
#ifdef LATEGEN
  :: atomic { if EACHSLOT(PICK) fi }; vg = gen[t]; goto take
#else
  :: atomic { if EACHSLOT(PICK) fi }; goto take
#endif
#ifdef BURY
  :: atomic { if EACHSLOT(PICKB) fi };
     atomic { if :: gen[t] == vg :: else -> goto idle fi };
#ifdef BURYLATE
     vg = gen[t];
#endif
     goto take
#endif
  :: atomic { if EACHSLOT(CLAIM) fi }; goto settle
#ifdef CORPSE
  :: atomic { if EACHSLOT(CLAIMC) fi }; goto take
#endif
  fi;

take:                                 /* seize(t, vg) */
  atomic { if
  :: (corps & BIT(t)) -> goto back
  :: !(corps & BIT(t)) && (state[t] == FREE || gen[t] != vg) -> goto failed
  :: !(corps & BIT(t)) && state[t] == DEAD && gen[t] == vg && !INHAND(sweeper[t], sweepergen[t]) -> vs = sweeper[t]; vsg = sweepergen[t]
  :: else -> own(t); goto disarm
  fi };
  atomic { if
  :: SWEEPERLIVES(vs, vsg) -> goto failed
  :: else
  fi };
#ifndef CORPSEFIRST
  atomic { if                         /* unswept */
  :: SAMEGEN(vs, vsg) && state[vs] != FREE && vs != me && !(corps & BIT(vs)) ->
     chain[depth] = t; chaingen[depth] = vg; depth++; t = vs; vg = vsg; vs = 0; vsg = 0; goto take
  :: else
  fi };
#endif
  atomic { if
  :: state[t] == DEAD && gen[t] == vg && SAMESWEEPER(t) -> own(t); goto disarm
  :: else -> vs = 0; vsg = 0; goto take
  fi };

disarm:                               /* "sweep: taken" */
#ifndef SWEEPERONLY
  atomic { EACHSLOT(OFTHEDEAD) skip };
#endif
  atomic {                            /* unlatch */
    held = held | BIT(t);
    if :: latch == t+1 && (bits & held) -> latch = 0 :: else fi;
    held = 0; corps = corps | BIT(t); tried = 0
  };
inherit:                              /* "sweep: locks free" */
#ifndef NOINHERIT
  atomic { if EACHSLOT(INHERIT) :: else -> tried = 0; goto back fi };
  goto take;
#endif
back:
  atomic { vs = 0; vsg = 0; vg = 0; if
  :: depth > 0 -> depth--; t = chain[depth]; vg = chaingen[depth]; chain[depth] = 0; chaingen[depth] = 0; goto take
  :: depth == 0 && c != NOBODY -> t = 0; goto locking
  :: else -> goto next
  fi };
failed:
  atomic { vs = 0; vsg = 0; vg = 0; if
  :: tried -> goto inherit
  :: else
  fi;
  do :: depth > 0 -> depth--; chain[depth] = 0; chaingen[depth] = 0 :: else -> break od;
  if :: c != NOBODY -> t = 0; goto locking :: else fi };

next:                                 /* sweepSlot */
  atomic { t = 0; if EACHSLOT(NEXT) :: else -> goto swept fi; if :: (bits & BIT(c)) -> goto locking :: else -> goto free fi };
locking:                              /* takeSweeping */
  if
  :: atomic { latch == 0 -> latch = me+1 }
  :: atomic { latch != 0 && latch != me+1 && GONE(latch-1) && !(corps & BIT(latch-1)) && !SWEPT(latch-1) -> t = latch-1; vg = gen[t] }; goto take
  fi;
  atomic { assert(latch == me+1); latch = 0 };   /* died */
  bits = bits & ~BIT(c);              /* dropHolder */
free:
  atomic {
    assert(state[c] == DEAD && sweeper[c] == me && sweepergen[c] == mygen && busy[c] == me && latch != c+1);
    state[c] = FREE; sweeper[c] = 0; sweepergen[c] = 0; busy[c] = NOBODY; corps = corps & ~BIT(c); c = NOBODY
  };
  goto next;
swept:
  atomic { if
  :: claiming -> claiming = 0; if :: state[cl] == FREE -> goto settle :: else -> holder[cl] = NOBODY; goto idle fi
  :: !claiming -> goto idle
  fi };

settle:                               /* "claim: byte taken"; we hold the byte of cl */
  atomic { assert(state[cl] == FREE && holder[cl] == me); gen[cl]++; state[cl] = STARTING };
  atomic {                            /* fork and exec; a child that never sleeps never looks */
    live[cl] = 1; holder[cl] = cl;
    if :: run P(cl, gen[cl], 0) :: run P(cl, gen[cl], 1) fi
  };
  goto idle
  } unless { !live[me] || gen[me] != mygen }
}

#ifdef BURY
#define REAPED(s) unburied[s] = 1; unburiedgen[s] = gen[s]
#else
#define REAPED(s)
#endif
#define DROP(s) if :: holder[s] == x -> holder[s] = NOBODY :: else fi; if :: busy[s] == x -> busy[s] = NOBODY :: else fi;
#define KILL(s) :: atomic { s > 0 && live[s] && deaths < DEATHS -> deaths++; live[s] = 0; x = s; ALSO(DROP) x = 0; REAPED(s) }
proctype Kill() { byte x;
end:
  do EACHSLOT(KILL) :: true -> break od
}

#define BEGIN(s) state[s] = LIVE; gen[s] = 1; holder[s] = s; live[s] = 1; busy[s] = NOBODY; run P(s, 1, 1);
init { atomic { EACHSLOT(BEGIN)
  live[CORPSE0] = 0; holder[CORPSE0] = NOBODY; REAPED(CORPSE0);         /* one is dead already */
#ifndef NOLATCH
  bits = BIT(0) | BIT(CORPSE0);
  if :: latch = CORPSE0+1 :: skip fi;
#endif
  run Kill() } }

#define GOOD(s) assert(live[s] || state[s] == FREE); assert(live[s] || !TAKEN(s));
active proctype Check() { timeout -> atomic { EACHSLOT(GOOD) assert(latch == 0) } }
