"""counter measures CPython's multiprocessing as its documentation writes it.

    counter.py uncontended N [R]        N times `with lock: pass`, one process
    counter.py counter P N [R]          P processes each add 1 N times to one Value
    counter.py locked P N [R]           the same with a Lock beside a RawValue
    counter.py barrier P N [R]          P processes pass one Barrier N times
    counter.py condition N [R]          2 processes hand a turn over, N times each
    counter.py queue P N [R]            P processes put N numbers each into a Queue, P others get them
    counter.py pipe N [R]               a number through a Pipe to another process and back, N times
    counter.py start fork|spawn [R]     Process(target=f).start() and join()

It runs one round to warm up and R more (default 5; for start 20, a round being
one process), and prints one line:
{"name": ..., "runtime": ..., "ns": median ns an operation, "rounds": [ns, ...]}

Python 3.8 or newer. A spawned child imports this file again: whatever only the
measuring process needs is imported in a function, so that it does not count.
"""

import multiprocessing
import sys
import time

PATIENCE = 60  # seconds that a worker waits for the others to start


def nothing():
    pass


def worker(me, n, lock, value, barrier, starts, ends):
    """Without a lock of its own, value has one."""
    barrier.wait(PATIENCE)
    starts[me] = time.monotonic_ns()
    if lock is None:
        for _ in range(n):
            with value.get_lock():
                value.value += 1
    else:
        for _ in range(n):
            with lock:
                value.value += 1
    ends[me] = time.monotonic_ns()


def context():
    """fork where there is one; a child's start is not measured either way."""
    fork = "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if fork else None)


def counter(procs, n, locked):
    """The time from the first worker's release to the last one's end, over procs*n."""
    ctx = context()
    lock, value = (ctx.Lock(), ctx.RawValue("i", 0)) if locked else (None, ctx.Value("i", 0))
    barrier = ctx.Barrier(procs)
    starts, ends = ctx.RawArray("q", procs), ctx.RawArray("q", procs)
    workers = [
        ctx.Process(target=worker, args=(i, n, lock, value, barrier, starts, ends), daemon=True)
        for i in range(procs)
    ]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if any(w.exitcode for w in workers):
        sys.exit("counter.py: a worker failed")
    if value.value != procs * n:
        sys.exit("counter.py: the count is %d, not %d" % (value.value, procs * n))
    return (max(ends) - min(starts)) / (procs * n)


def player(me, n, cond, turn, barrier, starts, ends):
    barrier.wait(PATIENCE)
    starts[me] = time.monotonic_ns()
    with cond:
        for _ in range(n):
            while turn.value != me:
                cond.wait()
            turn.value = 1 - me
            cond.notify()
    ends[me] = time.monotonic_ns()


def condition(n):
    """The time from the first player's release to the last one's end, over 2*n."""
    ctx = context()
    cond, turn, barrier = ctx.Condition(), ctx.RawValue("i", 0), ctx.Barrier(2)
    starts, ends = ctx.RawArray("q", 2), ctx.RawArray("q", 2)
    players = [
        ctx.Process(target=player, args=(i, n, cond, turn, barrier, starts, ends), daemon=True)
        for i in range(2)
    ]
    for p in players:
        p.start()
    for p in players:
        p.join()
    if any(p.exitcode for p in players):
        sys.exit("counter.py: a player failed")
    return (max(ends) - min(starts)) / (2 * n)


def passer(me, n, barrier, starts, ends):
    barrier.wait(PATIENCE)
    starts[me] = time.monotonic_ns()
    for _ in range(n):
        barrier.wait()
    ends[me] = time.monotonic_ns()


def barrier(procs, n):
    """The time from the first worker's release to the last one's end, over n."""
    ctx = context()
    meeting = ctx.Barrier(procs)
    starts, ends = ctx.RawArray("q", procs), ctx.RawArray("q", procs)
    workers = [
        ctx.Process(target=passer, args=(i, n, meeting, starts, ends), daemon=True)
        for i in range(procs)
    ]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if any(w.exitcode for w in workers):
        sys.exit("counter.py: a worker failed")
    return (max(ends) - min(starts)) / n


def putter(me, n, queue, barrier, starts):
    barrier.wait(PATIENCE)
    starts[me] = time.monotonic_ns()
    for i in range(n):
        queue.put(i)


def getter(me, n, queue, barrier, ends):
    barrier.wait(PATIENCE)
    for _ in range(n):
        queue.get()
    ends[me] = time.monotonic_ns()


def queue(procs, n):
    """The time from the first putter's release to the last number's arrival, over procs*n."""
    ctx = context()
    q, barrier = ctx.Queue(), ctx.Barrier(2 * procs)
    starts, ends = ctx.RawArray("q", procs), ctx.RawArray("q", procs)
    workers = []
    for i in range(procs):
        workers.append(ctx.Process(target=putter, args=(i, n, q, barrier, starts), daemon=True))
        workers.append(ctx.Process(target=getter, args=(i, n, q, barrier, ends), daemon=True))
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if any(w.exitcode for w in workers):
        sys.exit("counter.py: a worker failed")
    return (max(ends) - min(starts)) / (procs * n)


def echo(conn):
    try:
        while True:
            conn.send(conn.recv())
    except EOFError:
        pass


def pipe(n):
    """The time of n numbers there and back, over n."""
    ctx = context()
    mine, theirs = ctx.Pipe()
    p = ctx.Process(target=echo, args=(theirs,), daemon=True)
    p.start()
    theirs.close()
    mine.send(0)
    mine.recv()
    begin = time.monotonic_ns()
    for i in range(n):
        mine.send(i)
        if mine.recv() != i:
            sys.exit("counter.py: another number came back")
    took = time.monotonic_ns() - begin
    p.terminate()
    p.join()
    return took / n


def uncontended(n):
    lock = context().Lock()
    start = time.monotonic_ns()
    for _ in range(n):
        with lock:
            pass
    return (time.monotonic_ns() - start) / n


def start(method):
    ctx = multiprocessing.get_context(method)
    begin = time.monotonic_ns()
    process = ctx.Process(target=nothing)
    process.start()
    process.join()
    took = time.monotonic_ns() - begin
    if process.exitcode:
        sys.exit("counter.py: the started process failed")
    return float(took)


def number(text):
    n = int(text)
    if n < 1:
        raise ValueError
    return n


def parse(args):
    """Returns the name, the function that runs one round, and R."""
    mode, rest = args[0], args[1:]
    if mode == "uncontended" and len(rest) in (1, 2):
        n = number(rest.pop(0))
        name, one, r = mode, lambda: uncontended(n), 5
    elif mode in ("counter", "locked") and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "%s/%d" % (mode, procs), lambda: counter(procs, n, mode == "locked"), 5
    elif mode == "barrier" and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "barrier/%d" % procs, lambda: barrier(procs, n), 5
    elif mode == "condition" and len(rest) in (1, 2):
        n = number(rest.pop(0))
        name, one, r = mode, lambda: condition(n), 5
    elif mode == "queue" and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "queue/%d" % procs, lambda: queue(procs, n), 5
    elif mode == "pipe" and len(rest) in (1, 2):
        n = number(rest.pop(0))
        name, one, r = mode, lambda: pipe(n), 5
    elif mode == "start" and len(rest) in (1, 2) and rest[0] in ("fork", "spawn"):
        method = rest.pop(0)
        name, one, r = "start/" + method, lambda: start(method), 20
    else:
        raise ValueError
    return "cpython/" + name, one, number(rest[0]) if rest else r


def main():
    import json
    import statistics

    try:
        name, one, r = parse(sys.argv[1:])
    except (ValueError, IndexError):
        sys.exit(__doc__)
    one()  # warms up
    rounds = [one() for _ in range(r)]
    runtime = "%s %d.%d.%d" % ((sys.implementation.name,) + sys.version_info[:3])
    print(json.dumps({
        "name": name, "runtime": runtime,
        "ns": statistics.median(rounds), "rounds": rounds,
    }))


if __name__ == "__main__":
    main()
