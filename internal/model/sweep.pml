/* The process table of internal/arena: slot.go, life.go, sweep.go, state.go.
 *
 * NS slots, each with a living process but for one corpse; all look for the dead and sweep them, some claim a slot for a
 * new process. Process 0 is never killed. Each step is one access to shared memory, or one answer of the kernel.
 *
 *   state gen sweeper   Slot.State
 *   holder              who holds the life byte: the tenant, or who claims the slot
 *   PICK       tick, look: the generation, then the proof
 *   PICKB      Bury: process 0 has reaped them all
 *   take:      takeCorpse; "sweep: taken"
 *   inherit:   inheritSweeps; "sweep: board done"; stack is its recursion
 *   free:      the store of Free
 *   CLAIM      Claim: "claim: byte taken"; of a corpse, CLAIMC
 *   settle:    settle: "claim: slot written", "claim: starting"; then fork and exec. The first step of P is enter: "start: before live"
 *
 * What is checked, always: a slot is made Dead only after its tenant's death, and swept by one at a time; it is made Free by
 * its sweeper. And when nothing can move any more: the slots of the dead are Free, and nobody holds their byte.
 *
 * Scope:
 *   NS=3 or 4, DEATHS=n (of others than 0), CLAIMS=n   default 4, 2, 1
 *   CORPSE       dead slots are claimed too, as when none is free
 *   BURY         process 0 buries whom it has reaped
 *   PIDS         a pid proves death too; otherwise the life byte alone
 *   NOINHERIT    the sweeps of a dead sweeper are not taken over before its slot is free: whoever looks next does
 *   ROLES        five slots, each process with few things to do: what it takes for SLOTONLY to fail
 *
 * Must fail:
 *   SLOTONLY         the sweeper in a state is a slot, not an id: with ROLES; with NOINHERIT; with INHERITASKS. In ROLES, 0 finds
 *                    that sweeper 1 is dead, and stops. 2 takes over and dies, 4 sweeps 1 and claims its slot, and the
 *                    new process there takes over from 2: the state is what 0 saw, and 0 sweeps beside it
 *   INHERITASKS      inheritSweeps asks once more whether the sweeper is dead: not if the claimer holds its byte (with CORPSE)
 *   BURYLATE         Bury reads the generation after it has compared the id: the slot may have a new tenant
 *   LATEGEN          look reads the generation after the proof
 */
#ifdef ROLES
#define NS 5
#define MAY(s) ((me == 0 && s == 3) || (me == 1 && mygen == 1 && s == 3) || (me == 2 && s == 3) || (me == 4 && s == 1) || (me == 1 && mygen == 2 && (s == 2 || s == 3)))
#define MAYCLAIM(s) (me == 4 && s == 1)
#define MAYDIE(s) ((s == 1 && gen[1] == 1) || s == 2)
#else
#define MAY(s) true
#define MAYCLAIM(s) true
#define MAYDIE(s) (s > 0)
#endif
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
#ifdef ROLES
#define CORPSE0 3
#else
#define CORPSE0 (NS-1)
#endif

mtype = { FREE, STARTING, LIVE, DEAD };
mtype state[NS];                      /* State: status ... */
byte sweeper[NS], sweepergen[NS];     /* ... whose sweeper, an id ... */
byte gen[NS];                         /* ... generation */
byte holder[NS];                      /* the life byte: slot of the process that holds it */
bit live[NS];                         /* the tenant lives */
byte busy[NS];                        /* who is between takeCorpse and the store of Free; for the assertions */
byte deaths, claims;
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
#define SWEEPERLIVES(s, g) (!GONE(s))
#define SAMESWEEPER(t) (sweeper[t] == vs)
#define MINE(t) (sweeper[t] == me)
#else
#define SWEEPERLIVES(s, g) (gen[s] == g && !GONE(s))
#define SAMESWEEPER(t) (sweeper[t] == vs && sweepergen[t] == vsg)
#define MINE(t) (sweeper[t] == me && sweepergen[t] == mygen)
#endif

/* A look at a slot that is being swept by the living changes nothing: leave it out, so that a sweep that is stuck is quiet. */
#define SWEPT(s) (state[s] == DEAD && !MINE(s) && SWEEPERLIVES(sweeper[s], sweepergen[s]))

#ifdef INHERITASKS
#define KNOWN false
#else
#define KNOWN (depth > 0 && vs == top)
#endif

inline own(t) {                       /* the CAS of takeCorpse */
  assert(!live[t]);
  assert(busy[t] == NOBODY);
  state[t] = DEAD; sweeper[t] = me; sweepergen[t] = mygen; busy[t] = me; vs = 0; vsg = 0; vg = 0
}

#define PICK(s) :: looks && MAY(s) && s != me && state[s] != FREE && GONE(s) && !SWEPT(s) -> t = s; vg = gen[s]
#define PICKB(s) :: me == 0 && unburied[s] -> unburied[s] = 0; t = s; vg = unburiedgen[s]
#define INHERIT(s) :: s != top && !(skip_ & (1 << s)) && state[s] == DEAD && sweeper[s] == top -> t = s; vg = gen[s]
#define CLAIM(s) :: MAYCLAIM(s) && s != me && state[s] == FREE && !TAKEN(s) && claims < CLAIMS -> claims++; holder[s] = me; t = s
#define CLAIMC(s) :: s != me && state[s] != FREE && !TAKEN(s) && claims < CLAIMS -> claims++; holder[s] = me; t = s; vg = gen[s]; claiming = 1
#if NS == 5
#define EACHSLOT(f) f(0) f(1) f(2) f(3) f(4)
#define ALSO(f) f(0) f(1) f(2) f(3) f(4)
#elif NS == 3
#define EACHSLOT(f) f(0) f(1) f(2)
#define ALSO(f) f(0) f(1) f(2)
#else
#define EACHSLOT(f) f(0) f(1) f(2) f(3)
#define ALSO(f) f(0) f(1) f(2) f(3)
#endif

proctype P(byte me; byte mygen; bit looks) {
  byte t, vg, vs, vsg, top, depth, skip_; byte stack[3]; bit claiming;
  {
  atomic { if :: state[me] == STARTING && gen[me] == mygen -> state[me] = LIVE :: else -> assert(state[me] == LIVE && gen[me] == mygen) fi };
idle:
  atomic { t = 0; vg = 0; top = 0; skip_ = 0; depth = 0 };
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

take:                                 /* takeCorpse(t, vg) */
  atomic { if
  :: state[t] == FREE || gen[t] != vg -> goto failed
  :: state[t] == DEAD && gen[t] == vg && !MINE(t) -> vs = sweeper[t]; vsg = sweepergen[t]
  :: else -> own(t); goto taken
  fi };
  atomic { if
  :: SWEEPERLIVES(vs, vsg) && !KNOWN -> goto failed
  :: else
  fi };
  atomic { if
  :: state[t] == DEAD && gen[t] == vg && SAMESWEEPER(t) -> own(t); goto taken
  :: else -> goto take
  fi };

taken:                                /* "sweep: taken" */
  atomic { stack[depth] = t; top = t; depth++; skip_ = 0 };
inherit:                              /* "sweep: board done" */
#ifdef NOINHERIT
  skip;
#else
  atomic { if EACHSLOT(INHERIT) :: else -> goto free fi };
  goto take;
#endif
free:
  atomic {
    assert(state[top] == DEAD && MINE(top) && busy[top] == me);
    state[top] = FREE; sweeper[top] = 0; sweepergen[top] = 0; busy[top] = NOBODY;
    depth--; stack[depth] = 0; t = top; skip_ = 0;
    if :: depth > 0 -> top = stack[depth-1] :: else fi
  };
  if :: depth > 0 -> goto inherit :: else fi;
  if :: claiming -> claiming = 0; goto settle :: else -> goto idle fi;
failed:
  atomic { vs = 0; vsg = 0; vg = 0; skip_ = skip_ | (1 << t); if :: depth > 0 -> goto inherit :: else fi };
  if :: claiming -> claiming = 0; holder[t] = NOBODY :: else fi;
  goto idle;

settle:                               /* "claim: byte taken"; we hold the byte of t */
  atomic { assert(state[t] == FREE && holder[t] == me); gen[t]++; state[t] = STARTING };
  atomic {                            /* fork and exec; a child that never sleeps never looks */
    live[t] = 1; holder[t] = t;
#ifndef ROLES
    if :: run P(t, gen[t], 0) :: run P(t, gen[t], 1) fi
#else
    run P(t, gen[t], 1)
#endif
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
#define KILL(s) :: atomic { MAYDIE(s) && live[s] && deaths < DEATHS -> deaths++; live[s] = 0; x = s; ALSO(DROP) x = 0; REAPED(s) }
proctype Kill() { byte x;
end:
  do EACHSLOT(KILL) :: true -> break od
}

#define BEGIN(s) state[s] = LIVE; gen[s] = 1; holder[s] = s; live[s] = 1; busy[s] = NOBODY; run P(s, 1, 1);
init { atomic { EACHSLOT(BEGIN)
  live[CORPSE0] = 0; holder[CORPSE0] = NOBODY; REAPED(CORPSE0);         /* one is dead already */
  run Kill() } }

#define GOOD(s) assert(live[s] || state[s] == FREE); assert(live[s] || !TAKEN(s));
#ifndef ROLES
active proctype Check() { timeout -> atomic { EACHSLOT(GOOD) } }
#endif
