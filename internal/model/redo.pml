/* The heap's transactions and limbo, and the sweep of both, of internal/arena: redo.go, alloc.go, limbo.go, object.go.
 *
 * Two processes (1, 2) allocate a block, fill it, enter it as an object that they hold, and drop it. Two more (3, 4) sweep,
 * also each other. The heap is a free list of two blocks, a count, a limbo place a process, a word for the object that a
 * process holds. Each step is one store; what a process does under the lock before the commit is one step, as nobody
 * sees it.
 *
 *   take       alloc: pop, takeRun, and what follows without the lock; "heap: allocated"
 *   COMMIT     tx.commit; "redo: written"
 *   store      replay; "redo: storing", "redo: stored", "redo: done"
 *   P          NewObject: "object: filled", "object: entered"; then Drop
 *   retire     takeOut, dropBit, and for runs freeRun; "heap: run in limbo", "heap: run punched"
 *   lockSweeping   takeSweeping: whoever holds the lock and is dead is seized first
 *   seize      seize, freeHeap, and the sweepers' corpses. Whom to seize is one step here: see sweep.pml; the lock neither
 *              sleeps nor wakes: see lock.pml
 *   next:      finish: sweepLimbo, dropHolder
 *
 * What is checked, when nothing can move any more: the lock is free and the record empty; both blocks are in the free
 * list, each once, and nowhere else; the count is 0; the dead are swept. And always: the memory of a free run is zero;
 * what is entered is filled.
 *
 * Scope:
 *   DEATHS=n     at any step, of processes 1, 2, 3; default 2
 *   ONEWORKER    process 1 alone: its sweeper is killed as well
 *   ONESWEEPER   process 4 alone: both workers are killed
 *   RUN          the blocks are runs: they are freed by way of limbo, their memory is given back without the lock
 *
 * Must fail:
 *   NOLIMBO          a block is taken without noting it in limbo
 *   NOORDER          the record's number is stored before the record
 *   EMPTYFIRST       the record is emptied before all is stored
 *   RELATIVE         the record says by how much a word changes
 *   PUNCHLATE        a run's memory is given back after it is free
 *   NOREPLAY         the sweep frees the lock only
 *   FREEFIRST        ... before it replays
 *   NOHOLDER         a sweep waits for the lock without looking whether its holder is dead
 *   SWEEPERLATE      a corpse is taken over before its sweeper was swept: that one may have died with a transaction committed
 *                    that moves a run to the corpse's limbo, and the run comes there too late
 */
#ifndef DEATHS
#define DEATHS 2
#endif

/* The words of the heap. Blocks are 1 and 2; 0 is none. */
#define HEAD 0                        /* first free block */
#define NEXT(b) (b)                   /* of a free block: the next one */
#define BYTES 3                       /* blocks in use */
#define LIMBO(p) (3 + (p))            /* of slots 1 to 4 */
#define ROOT(p) (7 + (p))             /* the object that process 1 or 2 holds */
byte mem[10];
byte n, at_[4], value[4];             /* Redo */
byte lock;                            /* Heap.Lock: its holder */
bit filled[3];                        /* what is in a block */
bit dead[5], done[5];
byte sweeper[5];                      /* State: who sweeps the slot; SWEPT is Free */
#define SWEPT 9
byte deaths;

#define SET(i_, word, v) at_[i_] = word; value[i_] = v
#ifdef RELATIVE
#define STORE mem[at_[i]] = value[i] + (at_[i] == BYTES) * mem[BYTES]
#define COUNT(d_) (d_)
#else
#define STORE mem[at_[i]] = value[i]
#define COUNT(d_) (mem[BYTES] + (d_))
#endif
#ifdef NOORDER
#define EARLY(words) n = words; skip
#else
#define EARLY(words) skip
#endif
/* What is in an empty record is rubbish: zeros have fewer states. */
#define FORGET SET(0, 0, 0); SET(1, 0, 0); SET(2, 0, 0); SET(3, 0, 0)
#define COMMIT(words) n = words; k = words

inline store() {                      /* "redo: storing", "redo: stored", "redo: done" */
#ifdef EMPTYFIRST
  n = 0;
#endif
  do
  :: atomic { i < k -> STORE; i++ }
  :: atomic { i >= k -> i = 0; k = 0; break }
  od;
  atomic { n = 0; FORGET }
}

/* Of those that die only 3 sweeps: who finds it named as a sweeper seizes it first, and its corpses with it. */
#define CANTAKE(d) (d != me && dead[d] && sweeper[d] != SWEPT && sweeper[d] != me && (sweeper[d] == 0 || dead[sweeper[d]]))
#ifdef SWEEPERLATE
#define FIRST(d) (d)
#else
#define FIRST(d) (sweeper[d] == 3 && sweeper[3] != me -> 3 : d)
#endif

inline freeHeap(x) {                  /* of a corpse that is ours now */
#ifdef FREEFIRST
  atomic { if :: lock == x -> lock = 0; k = n; freed = 1 :: else fi };
  if :: freed -> freed = 0; store() :: else fi
#else
#ifndef NOREPLAY
  if :: atomic { lock == x -> k = n }; store() :: else fi;
#endif
  atomic { if :: lock == x -> lock = 0 :: else fi }           /* Died */
#endif
}

inline seize() {                      /* the rest of it, for s; "sweep: heap lock free" */
  do
  :: freeHeap(s);
     atomic { if
     :: sweeper[3] == me && sweeper[1] == 3 -> s = 1; sweeper[1] = me
     :: sweeper[3] == me && sweeper[2] == 3 -> s = 2; sweeper[2] = me
     :: else -> s = 0; break
     fi }
  od
}

inline locking() { atomic { lock == 0 -> lock = me } }

inline lockSweeping() {               /* lock; and while we finish d, takeSweeping */
  do
  :: atomic { lock == 0 -> lock = me; break }
#ifndef NOHOLDER
  :: atomic { d != 0 && lock != 0 && CANTAKE(lock) -> s = FIRST(lock); sweeper[s] = me }; seize()
#endif
  od
}
inline unlocking() { atomic { assert(lock == me); lock = 0 } }

inline take() {                       /* pop, takeRun: the first free block goes to our limbo */
  locking();
  if
  :: mem[HEAD] == 0 -> unlocking()
  :: else ->
     EARLY(3);
     atomic {
       b = mem[HEAD];
       SET(0, HEAD, mem[NEXT(b)]);
       SET(1, BYTES, COUNT(1));
#ifdef NOLIMBO
       SET(2, LIMBO(me), 0);
#else
       SET(2, LIMBO(me), b);
#endif
       COMMIT(3)
     };
     store();
     unlocking();
#ifdef RUN
     assert(!filled[b])               /* the memory of a free run reads as zeros */
#else
     filled[b] = 0                    /* clear */
#endif
  fi
}

inline push(from, place) {            /* detach and push, or the end of freeRun */
  EARLY(4);
  atomic {
    SET(0, from, 0); SET(1, NEXT(b), mem[HEAD]); SET(2, HEAD, b); SET(3, BYTES, COUNT(-1));
    COMMIT(4)
  };
  store();
  unlocking()
}

inline retire(from, place) {          /* takeOut, dropBit: frees the block that a word holds, a run by way of place */
  lockSweeping();
  b = mem[from];
  if
  :: b == 0 -> unlocking()            /* an earlier sweeper got this far */
  :: b != 0 ->
#ifdef RUN
     if
     :: from != place ->
        EARLY(2);
        atomic { SET(0, from, 0); SET(1, place, b); COMMIT(2) };
        store()
     :: else                          /* the word has the value already */
     fi;
     unlocking();                     /* "heap: run in limbo" */
#ifndef PUNCHLATE
     filled[b] = 0;                   /* punch, without the lock */
#endif
     lockSweeping();                  /* "heap: run punched" */
     push(place, place);
#ifdef PUNCHLATE
     filled[b] = 0;
#endif
#else
     push(from, place);
#endif
     b = 0
  fi
}

proctype P(byte me) {
  byte b, i, k, d, w, s; bit freed;      /* d: the corpse that we finish; s: one that we seize */
  {
  if :: me >= 3 -> goto idle :: else fi;
  take();                             /* "heap: allocated" */
  if :: b == 0 -> goto over :: else fi;
  filled[b] = 1;
  locking();                          /* "object: filled" */
  EARLY(2);
  atomic { SET(0, ROOT(me), b); SET(1, LIMBO(me), 0); COMMIT(2) };
  store();
  unlocking();                        /* "object: entered" */
  assert(filled[mem[ROOT(me)]]);
  b = 0;
  retire(ROOT(me), LIMBO(me));
  goto over;

idle:
  if
  :: atomic { CANTAKE(1) -> s = FIRST(1); sweeper[s] = me }
  :: atomic { CANTAKE(2) -> s = FIRST(2); sweeper[s] = me }
  :: atomic { CANTAKE(3) -> s = 3; sweeper[s] = me }
  fi;
  seize();                            /* "sweep: taken" */
next:                                 /* sweepSlot */
  if
  :: sweeper[1] == me -> d = 1
  :: sweeper[2] == me -> d = 2
  :: sweeper[3] == me -> d = 3
  :: else -> goto idle
  fi;
  w = LIMBO(d);
  do
  :: mem[w] != 0 -> retire(w, LIMBO(d))
  :: mem[w] == 0 && w == LIMBO(d) && d < 3 -> w = ROOT(d)     /* "sweep: objects done": dropHolder */
  :: mem[w] == 0 && (w != LIMBO(d) || d == 3) -> w = 0; break
  od;
  atomic { sweeper[d] = SWEPT; d = 0 };                       /* "sweep: board done" */
  goto next;
over:
  done[me] = 1
  } unless { dead[me] }
}

#define KILL(p) :: atomic { deaths < DEATHS && !dead[p] && !done[p] -> deaths++; dead[p] = 1 }
proctype Kill() {
end:
  do KILL(1) KILL(2)
#ifndef ONESWEEPER
  KILL(3)
#endif
  :: true -> break
  od
}

init { atomic {
  mem[HEAD] = 1; mem[NEXT(1)] = 2;
  run P(1); run P(4);
#ifndef ONEWORKER
  run P(2);
#else
  done[2] = 1;
#endif
#ifndef ONESWEEPER
  run P(3);
#endif
  run Kill()
} }

active proctype Check() { byte p;
  timeout -> atomic {
    assert(lock == 0 && n == 0);
    assert(mem[HEAD] != 0 && mem[NEXT(mem[HEAD])] != 0 && mem[NEXT(mem[HEAD])] != mem[HEAD]);   /* both blocks are free */
    assert(mem[BYTES] == 0);
    for (p : 1 .. 4) { assert(mem[LIMBO(p)] == 0) }
    for (p : 1 .. 3) { assert(!dead[p] || sweeper[p] == SWEPT) }
    for (p : 1 .. 2) { assert((done[p] || dead[p]) && mem[ROOT(p)] == 0) }
  } }
