// Command queues measures mp.Queue beside other ways of sending messages to another process: boost.interprocess' message_queue, a pair of
// Unix sockets, net/rpc over a Unix socket, and hashicorp/go-plugin. Linux alone.
//
//	go run ./queues                 # all: medians, and the ratios to mp.Queue
//	go run ./queues -only boost     # mp.Queue, and the ways that match
//
// Each way has a process at the other end, which sends each message back (there and back), or takes them as they come and answers the last
// (one way). Rounds of all ways alternate, so that what disturbs the machine disturbs all.
package main
