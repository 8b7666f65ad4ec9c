"""counter measures CPython's multiprocessing as its documentation writes it.

    counter.py uncontended N [R]        N times `with lock: pass`, one process
    counter.py counter P N [R]          P processes each add 1 N times to one Value
    counter.py locked P N [R]           the same with a Lock beside a RawValue
    counter.py barrier P N [R]          P processes pass one Barrier N times
    counter.py condition N [R]          2 processes hand a turn over, N times each
    counter.py floats bytes|list N [R]  1 process sends 100,000 floats through a Pipe N times, another receives them:
                                        the bytes of an array('d') by send_bytes, or a list by send
    counter.py pipe N [R]               a number through a Pipe to another process and back, N times
    counter.py queue P N [R]            P processes put N numbers each into a Queue, P others get them
    counter.py list P N [R]             P processes each append to, set and read a Manager's list N times
    counter.py dict P N [R]             P processes read a Manager's dict 9 times of 10, else set, N times each
    counter.py tasks P N [R]            P processes put N numbers into a JoinableQueue, P others get and do them
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


FLOATS = 100000


def sender(how, n, conn, barrier, starts):
    import array

    floats = array.array("d", range(FLOATS))
    if how == "list":
        floats = list(floats)
    send = conn.send_bytes if how == "bytes" else conn.send
    barrier.wait(PATIENCE)
    starts[0] = time.monotonic_ns()
    for _ in range(n):
        send(floats)


def receiver(how, n, conn, barrier, ends):
    import array

    floats = array.array("d", bytes(8 * FLOATS))
    barrier.wait(PATIENCE)
    for _ in range(n):
        if how == "bytes":
            conn.recv_bytes_into(floats)
        else:
            floats = conn.recv()
    ends[0] = time.monotonic_ns()
    if len(floats) != FLOATS or floats[FLOATS - 1] != FLOATS - 1:
        sys.exit("counter.py: what was received is not what was sent")


def floats_pipe(how, n):
    """The time from the sender's release to the last message's arrival, over n."""
    ctx = context()
    there, here = ctx.Pipe(duplex=False)
    barrier = ctx.Barrier(2)
    starts, ends = ctx.RawArray("q", 1), ctx.RawArray("q", 1)
    workers = [
        ctx.Process(target=sender, args=(how, n, here, barrier, starts), daemon=True),
        ctx.Process(target=receiver, args=(how, n, there, barrier, ends), daemon=True),
    ]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if any(w.exitcode for w in workers):
        sys.exit("counter.py: a worker failed")
    return (ends[0] - starts[0]) / n
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


def lister(me, n, shared, barrier, starts, ends):
    barrier.wait(PATIENCE)
    starts[me] = time.monotonic_ns()
    for i in range(n):
        shared.append(i)
        shared[i % 10] = i
        shared[i % 10]
    ends[me] = time.monotonic_ns()


def shared_list(procs, n):
    """The time from the first worker's release to the last one's end, over 3*procs*n."""
    ctx = context()
    barrier = ctx.Barrier(procs)
    starts, ends = ctx.RawArray("q", procs), ctx.RawArray("q", procs)
    with ctx.Manager() as manager:
        shared = manager.list([0] * 10)
        workers = [
            ctx.Process(target=lister, args=(i, n, shared, barrier, starts, ends), daemon=True)
            for i in range(procs)
        ]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        if any(w.exitcode for w in workers):
            sys.exit("counter.py: a worker failed")
        if len(shared) != procs * n + 10:
            sys.exit("counter.py: %d elements, not %d" % (len(shared), procs * n + 10))
    return (max(ends) - min(starts)) / (3 * procs * n)


def reader(me, n, shared, barrier, starts, ends):
    barrier.wait(PATIENCE)
    starts[me] = time.monotonic_ns()
    for i in range(n):
        k = (me * n + i) * 2654435761 % 2**32 % 1000
        if i % 10:
            shared[k]
        else:
            shared[k] = k
    ends[me] = time.monotonic_ns()


def managed(procs, n):
    """The time from the first worker's release to the last one's end, over procs*n."""
    ctx = context()
    with ctx.Manager() as manager:
        shared = manager.dict({k: k for k in range(1000)})
        barrier = ctx.Barrier(procs)
        starts, ends = ctx.RawArray("q", procs), ctx.RawArray("q", procs)
        workers = [
            ctx.Process(target=reader, args=(i, n, shared, barrier, starts, ends), daemon=True)
            for i in range(procs)
        ]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        if any(w.exitcode for w in workers):
            sys.exit("counter.py: a worker failed")
        return (max(ends) - min(starts)) / (procs * n)


def employer(n, queue, barrier, starts):
    barrier.wait(PATIENCE)
    starts[0] = time.monotonic_ns()
    for i in range(n):
        queue.put(i)


def worker_of(n, queue, barrier):
    barrier.wait(PATIENCE)
    for _ in range(n):
        queue.get()
        queue.task_done()


def tasks(procs, n):
    """The time from the release of all until join returns, over n."""
    ctx = context()
    q, barrier = ctx.JoinableQueue(), ctx.Barrier(2 * procs)
    starts = ctx.RawArray("q", 1)
    workers = [ctx.Process(target=worker_of, args=(n // procs, q, barrier), daemon=True) for _ in range(procs)]
    workers += [ctx.Process(target=employer, args=(n // procs, q, barrier, starts), daemon=True) for _ in range(procs)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    q.join()
    end = time.monotonic_ns()
    if any(w.exitcode for w in workers):
        sys.exit("counter.py: a worker failed")
    return (end - starts[0]) / n


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
    elif mode == "list" and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "list/%d" % procs, lambda: shared_list(procs, n), 5
    elif mode == "condition" and len(rest) in (1, 2):
        n = number(rest.pop(0))
        name, one, r = mode, lambda: condition(n), 5
    elif mode == "floats" and len(rest) in (2, 3) and rest[0] in ("bytes", "list"):
        how, n = rest.pop(0), number(rest.pop(0))
        name, one, r = "floats/" + how, lambda: floats_pipe(how, n), 5
    elif mode == "pipe" and len(rest) in (1, 2):
        n = number(rest.pop(0))
        name, one, r = mode, lambda: pipe(n), 5
    elif mode == "queue" and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "queue/%d" % procs, lambda: queue(procs, n), 5
    elif mode == "dict" and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "dict/%d" % procs, lambda: managed(procs, n), 5
    elif mode == "tasks" and len(rest) in (2, 3):
        procs, n = number(rest.pop(0)), number(rest.pop(0))
        name, one, r = "tasks/%d" % procs, lambda: tasks(procs, n), 5
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
