// Package examples knows the programs below this directory: what each shows, and what must come out. Its table serves
// the tests here, which run every program, and mp tour, which runs them for a reader.
package examples

import (
	"path"
	"slices"
)

// Program is one directory with a main package that prints its result to standard output.
type Program struct {
	Name    string                    // of the directory
	Shows   string                    // what there is to see, in a line
	Check   func(output string) error // nil if this is what must come out; the error says what was expected and what came
	Small   []string                  // arguments, seen from this directory, for who has no time for the real input; nil: there is no other
	Display bool                      // the output is worth reading beyond whether it is right
}

var programs = []Program{
	{
		Name: "counter", Shows: "one process adds 1 to a shared value ten times",
		Check: lines("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"),
	},
	{
		Name: "counter10", Shows: "ten processes add 1 to a shared value, and none is lost",
		Check: lines("Counter: 10"),
	},
	{
		Name: "lostupdates", Shows: "updates get lost without a lock, not with one, not by Value.Update",
		Check: lostUpdates,
	},
	{
		Name: "floatchannel", Shows: "100,000 floats at a time through a shared array to another process, beside a pipe",
		Check: floatChannel, Display: true,
	},
	{
		Name: "threads", Shows: "a thread from a function, and one from a type with a Run method; Join returns what became of them",
		Check: lines("hello from Thread-1", "hello Ada from greeter", "hello Grace from greeter", "greeter failed: out of names"),
	},
	{
		Name: "threadlock", Shows: "ten goroutines count under a lock",
		Check: lines("Counter: 10000"),
	},
	{
		Name: "rlock", Shows: "a goroutine locks again what it has, three levels deep",
		Check: lines("20 1"),
	},
	{
		Name: "semaphore", Shows: "five processes want into a room for three: never are more inside",
		Check: atMostInside(3),
	},
	{
		Name: "condition", Shows: "a producer and a consumer take turns by a condition, as threads and as processes",
		Check: lines("produced 1", "consumed 1", "produced 2", "consumed 2", "produced 3", "consumed 3",
			"produced 1", "consumed 1", "produced 2", "consumed 2", "produced 3", "consumed 3"),
	},
	{
		Name: "queues", Shows: "a producer and a consumer until all work is done; then last in, first out; then by priority",
		Check: lines("got 0", "got 1", "got 2", "got 3", "got 4", "all done", "third", "second", "first",
			"{1 alarm}", "{1 second alarm}", "{2 mail}", "{3 sweep}"),
	},
	{
		Name: "processqueue", Shows: "two processes take jobs out of a queue and put what comes of them into another",
		Check: lines("map[nothing:0 ones:3 squares:14]"),
	},
	{
		Name: "pipe", Shows: "a message from one process to another and back; each learns that the other has gone",
		Check: lines("HELLO!", "IS ANYBODY THERE!", "the other process has ended"),
	},
	{
		Name: "dict", Shows: "a process for each line counts its words in one dict, and none is lost",
		Check: lines("and 2", "dog 2", "fox 2", "over 3", "the 6", "13 words"),
	},
	{
		Name: "joinable", Shows: "a worker is killed in the middle of a job, and another does it",
		Check: lines("light, delivery 1", "Process-1 is dead, 2 jobs are left", "heavy, delivery 2", "last, delivery 1"),
	},
	{
		Name: "list", Shows: "four processes append the primes that they find to one list, which is then sorted",
		Check: lines("168 primes, from 2 to 997"),
	},
	{
		Name: "handoff", Shows: "a process accepts connections and hands them to two others, which answer",
		Check: handoff,
	},
	{
		Name: "processes", Shows: "five processes with names and exit codes; one is killed, and tells how it died",
		Check: lines("worker-0 exit code 0", "worker-1 exit code 1", "worker-2 exit code 2", "worker-3 exit code 3",
			"worker-4 exit code -9", "worker-4 was ended by killed"),
	},
	{
		Name: "event", Shows: "one process waits for an event that another sets",
		Check: lines("waiting", "setting", "it happened"),
	},
	{
		Name: "barrier", Shows: "two of four processes meet at a barrier and go on at the same moment",
		Check: barrier, Display: true,
	},
	{
		Name: "wordcount", Shows: "a process for each CPU counts the words of Go's source tree, whose files stream through a queue, the same as one alone",
		Check: wordCount, Small: []string{"../internal"}, Display: true,
	},
}

// All is every program, in the order in which to look at them. The caller owns the slice.
func All() []Program { return slices.Clone(programs) }

// Package is the program's directory as the go tool wants it in the root of the module's source.
func (p Program) Package() string { return "./" + path.Join("examples", p.Name) }
