// Package queue has Python's queue over Go values, between goroutines of one process: first in first out, last in
// first out, and by priority, with a limit that makes producers wait, with a way to wait for the work and not only
// for the queue, and with a shutdown that everybody notices.
//
// # A channel, or a queue
//
// Take a channel where it does: it is faster, and select knows it. A queue has what a channel has not: a limit of
// none, another order, batches, Join, and a Shutdown that may be called by anybody, at any time, more than once,
// while others put.
//
// # How it waits
//
// Who waits stands in line, and what it waits for is brought to it by whoever has it: a put hands its item to the
// first waiting getter, and a get moves the item of the first waiting putter into the place that came free. So the
// lines are served in the order in which they were joined, nobody who comes later gets in between, one item wakes
// at most one goroutine, and who is woken need not look again. That also decides every race with a context: who
// still stands in line when its context ends has not put or got anything, and who does not has.
package queue
