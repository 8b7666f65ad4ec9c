"""Writes python_names.txt: every public name of Python that python.md must have a row for.

    python3.13 docs/python_names.py > docs/python_names.txt

The names are what Python 3.13 tells about itself, and NEW_IN_3_14. A class lists its members, but for those that it
inherits from a class of the same package: they are listed there. Left out: names with a leading underscore, members
that come from outside (object, Exception, bytes), and multiprocessing.popen_*, the engine rooms of the start methods.
"""

import importlib
import inspect
import queue
import threading

import multiprocessing

MODULES = """
threading queue concurrent.futures multiprocessing multiprocessing.process multiprocessing.context
multiprocessing.synchronize multiprocessing.queues multiprocessing.connection multiprocessing.sharedctypes
multiprocessing.shared_memory multiprocessing.managers multiprocessing.pool multiprocessing.dummy
multiprocessing.dummy.connection multiprocessing.util multiprocessing.reduction multiprocessing.heap
multiprocessing.resource_sharer multiprocessing.resource_tracker multiprocessing.forkserver multiprocessing.spawn
concurrent.futures.thread concurrent.futures.process
""".split()

# C modules whose classes the Python modules above pass on as their own.
PACKAGES = {"_thread": "threading", "_queue": "queue", "_multiprocessing": "multiprocessing"}
OURS = {"threading", "queue", "concurrent", "multiprocessing"}

# Instances, for classes that make some of their members at birth, and for functions that stand for a class.
MAKE = {
    "multiprocessing.Barrier": lambda: multiprocessing.Barrier(1),
    "multiprocessing.BoundedSemaphore": multiprocessing.BoundedSemaphore,
    "multiprocessing.Condition": multiprocessing.Condition,
    "multiprocessing.Event": multiprocessing.Event,
    "multiprocessing.JoinableQueue": multiprocessing.JoinableQueue,
    "multiprocessing.Lock": multiprocessing.Lock,
    "multiprocessing.Queue": multiprocessing.Queue,
    "multiprocessing.RLock": multiprocessing.RLock,
    "multiprocessing.Semaphore": multiprocessing.Semaphore,
    "multiprocessing.SimpleQueue": multiprocessing.SimpleQueue,
    "multiprocessing.sharedctypes.SynchronizedBase": lambda: multiprocessing.Value("i"),
    "queue.Queue": queue.Queue,
    "threading.Condition": threading.Condition,
    "threading.RLock": threading.RLock,
    "threading.Timer": lambda: threading.Timer(1, print),
}

# Second names of multiprocessing.Process: a row, but none for its members.
PROCESS_AGAIN = {"BaseProcess", "ForkProcess", "SpawnProcess", "ForkServerProcess"}

# What introspection cannot tell from an import, or sees only in an object that is at work.
ASSIGNED = """
multiprocessing.dummy.Array multiprocessing.dummy.Namespace multiprocessing.dummy.Value multiprocessing.dummy.dict
multiprocessing.dummy.list multiprocessing.dummy.shutdown multiprocessing.managers.BaseManager.shutdown
multiprocessing.pool.AsyncResult multiprocessing.resource_tracker.getfd
multiprocessing.shared_memory.ShareableList.shm multiprocessing.sharedctypes.typecode_to_type
""".split()

NEW_IN_3_14 = """
concurrent.futures.InterpreterPoolExecutor
concurrent.futures.ProcessPoolExecutor.kill_workers concurrent.futures.ProcessPoolExecutor.terminate_workers
concurrent.futures.ThreadPoolExecutor.BROKEN concurrent.futures.ThreadPoolExecutor.prepare_context
concurrent.futures.interpreter.BrokenInterpreterPool concurrent.futures.interpreter.InterpreterPoolExecutor
concurrent.futures.interpreter.InterpreterPoolExecutor.BROKEN
concurrent.futures.interpreter.InterpreterPoolExecutor.prepare_context
concurrent.futures.interpreter.WorkerContext concurrent.futures.interpreter.WorkerContext.finalize
concurrent.futures.interpreter.WorkerContext.initialize concurrent.futures.interpreter.WorkerContext.prepare
concurrent.futures.interpreter.WorkerContext.run concurrent.futures.interpreter.do_call
concurrent.futures.thread.WorkerContext concurrent.futures.thread.WorkerContext.finalize
concurrent.futures.thread.WorkerContext.initialize concurrent.futures.thread.WorkerContext.prepare
concurrent.futures.thread.WorkerContext.run
multiprocessing.Condition.locked multiprocessing.Lock.locked multiprocessing.Process.interrupt
multiprocessing.RLock.locked multiprocessing.Semaphore.locked
multiprocessing.managers.AcquirerProxy.locked multiprocessing.managers.BaseListProxy.clear
multiprocessing.managers.BaseListProxy.copy multiprocessing.managers.DictProxy.fromkeys
multiprocessing.managers.SetProxy multiprocessing.managers.SetProxy.add multiprocessing.managers.SetProxy.clear
multiprocessing.managers.SetProxy.copy multiprocessing.managers.SetProxy.difference
multiprocessing.managers.SetProxy.difference_update multiprocessing.managers.SetProxy.discard
multiprocessing.managers.SetProxy.intersection multiprocessing.managers.SetProxy.intersection_update
multiprocessing.managers.SetProxy.isdisjoint multiprocessing.managers.SetProxy.issubset
multiprocessing.managers.SetProxy.issuperset multiprocessing.managers.SetProxy.pop
multiprocessing.managers.SetProxy.remove multiprocessing.managers.SetProxy.symmetric_difference
multiprocessing.managers.SetProxy.symmetric_difference_update multiprocessing.managers.SetProxy.union
multiprocessing.managers.SetProxy.update multiprocessing.managers.SyncManager.set
multiprocessing.synchronize.SemLock.locked multiprocessing.util.WARNING multiprocessing.util.warn
threading.Condition.locked threading.RLock.locked
""".split()

GONE_IN_3_14 = {"multiprocessing.reduction.ACKNOWLEDGE"}


def package(cls):
    top = cls.__module__.split(".")[0]
    return PACKAGES.get(top, top)


def defines(module, name):
    """Whether name is the module's own: it says so, it was defined there, or it is a constant."""
    if name in getattr(module, "__all__", ()):
        return True
    value = getattr(module, name)
    if inspect.isclass(value) or inspect.isroutine(value):
        return value.__module__ == module.__name__
    return name.isupper() and not inspect.ismodule(value)


def top_level():
    """Yields every name of the modules with its value and, if MAKE has one, an instance."""
    for name in MODULES:
        module = importlib.import_module(name)
        for attribute in sorted(set(dir(module)) | set(getattr(module, "__all__", ()))):
            if not attribute.startswith("_") and defines(module, attribute):
                qualified = f"{name}.{attribute}"
                instance = MAKE[qualified]() if qualified in MAKE else None
                yield qualified, getattr(module, attribute), instance


def born_with(instance):
    return set(getattr(instance, "__dict__", ()))


def members(cls, instance, listed):
    """The names that cls lists itself. listed: the classes that do so, and what their instances are born with."""
    found = set()
    for name in set(dir(cls)) | born_with(instance):
        if name.startswith("_") or name.startswith("n_") and hasattr(cls, "n_fields"):
            continue
        definer = next((c for c in cls.__mro__ if name in vars(c)), None)
        if definer is None:
            definer = next(c for c in reversed(cls.__mro__) if c is cls or name in listed.get(c, ()))
        from_base = definer is not cls and definer in listed and package(definer) == package(cls)
        if package(definer) in OURS and not from_base:
            found.add(name)
    return found


def main():
    names, classes, listed = set(), {}, {}
    for qualified, value, instance in top_level():
        names.add(qualified)
        cls = value if inspect.isclass(value) else type(instance)
        if cls is not type(None) and cls.__name__ not in PROCESS_AGAIN and cls not in listed:
            classes[qualified] = cls, instance
            listed[cls] = born_with(instance)
    for qualified, (cls, instance) in classes.items():
        own = members(cls, instance, listed)
        if qualified.startswith("multiprocessing.context."):
            own -= set(dir(multiprocessing))  # a context is the module with a start method chosen
        if qualified.startswith("multiprocessing.dummy."):
            own &= set(vars(cls))  # the rest is threading's, under its own name
        names.update(f"{qualified}.{name}" for name in own)
    print("\n".join(sorted((names | set(ASSIGNED) | set(NEW_IN_3_14)) - GONE_IN_3_14)))


main()
