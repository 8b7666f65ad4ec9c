"""wounds_queue shows what becomes of multiprocessing.Queue: wounds_queue.py NAME

It prints one line: "fails: " or "works: " and what was seen. Linux, Python 3.8 or newer.
"""

import multiprocessing
import os
import queue
import signal
import sys
import time

mp = multiprocessing.get_context("fork")
PATIENCE = 1.0  # seconds, for what takes milliseconds if it works
children = []


def child(target, *args):
    p = mp.Process(target=target, args=args, daemon=True)
    p.start()
    children.append(p)
    return p


def kill(p):
    os.kill(p.pid, signal.SIGKILL)
    p.join()


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            sys.exit("it does not come to what is to be shown")
        time.sleep(0.001)


def works(ok, seen):
    print("%s: %s" % ("works" if ok else "fails", seen))
    sys.stdout.flush()
    for p in children:
        p.kill()
    os._exit(0)  # not by way of the queues' threads


def got(q):
    """Whether a message that another process puts now can be got by a third."""
    done = mp.Event()
    child(q.put, "letter")
    child(lambda: q.get() == "letter" and done.set())
    return done.wait(PATIENCE)


def producer():
    q = mp.Queue()
    p = child(q.put, b"x" * (1 << 24))
    until(q._reader.poll)
    kill(p)
    works(got(q), "get of a message, after a producer was killed in another")


def consumer():
    q = mp.Queue()
    p = child(q.get)
    until(lambda: not q._rlock.acquire(False) or q._rlock.release())
    kill(p)
    works(got(q), "get of a message, after a consumer was killed that waited for one")


def join():
    q = mp.Queue()
    p = child(q.put, b"x" * (1 << 20))
    p.join(PATIENCE)
    works(not p.is_alive(), "join of a process that has put 1 MiB which nobody has got yet")


def encode():
    sys.stderr = open(os.devnull, "w")
    q = mp.Queue()
    try:
        q.put(lambda: None)
    except Exception as e:
        works(True, "put says %r" % e)
    works(False, "put of what cannot be pickled returns as if it had been put")


def mutate():
    q, wrong = mp.Queue(), 0
    for _ in range(200):
        message = [1]
        q.put(message)
        message.append(2)
        wrong += q.get() != [1]
    works(wrong == 0, "%d of 200 messages have what was done to them after put" % wrong)


def put_and_die(q):
    q.put(b"x" * 1000)
    os.kill(os.getpid(), signal.SIGKILL)


def die():
    q = mp.Queue()
    missing = 0
    for _ in range(20):
        child(put_and_die, q).join()
        try:
            q.get(timeout=0.05)
        except queue.Empty:
            missing += 1
    works(missing == 0, "%d of 20 messages are gone, whose producer was killed after put" % missing)


def full():
    q = mp.Queue(1)
    for _ in range(20):
        child(put_and_die, q).join()
        try:
            q.get(timeout=0.05)
        except queue.Empty:
            break
    try:
        q.put(1, timeout=PATIENCE / 4)
    except queue.Full:
        works(False, "an empty queue is full, after a producer was killed")
    works(True, "put into an empty queue")


class Sour:
    def __reduce__(self):
        return int, ("sour",)


def decode():
    q = mp.Queue()
    q.put(Sour())
    q.put("sweet")
    try:
        q.get(timeout=PATIENCE)
    except ValueError:
        pass
    works(q.get(timeout=PATIENCE) == "sweet", "get of the message behind one that cannot be decoded")


def other():
    q, here = mp.Queue(), mp.Event()
    p = child(here.wait)
    done = mp.Event()

    def wait():
        try:
            q.get()
        finally:
            done.set()

    child(wait)
    kill(p)
    q.close()
    works(done.wait(PATIENCE), "the end of a get, after the only producer was killed and the parent has closed the queue")


if __name__ == "__main__":
    {f.__name__: f for f in (producer, consumer, join, encode, mutate, die, full, decode, other)}[sys.argv[1]]()
