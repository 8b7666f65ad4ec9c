// Package crash kills processes with SIGKILL and looks at what the others make of it. It holds tests alone:
//
//	TestKilledAtEveryStep  one process, killed at each step that the code names, one step later each time
//	TestStorm              many processes, killed at random moments
//	TestHistories          what the processes saw, judged by a checker of linearizability that knows of deaths
//	TestHistoriesOf…       the same for events, queues, jobs, lists, pipes
//	TestStormOfQueues      producers and consumers of one queue, killed at random moments
//	TestWounds             rows of Python's list of complaints, which must not be true here
//
// The program that is killed at steps is crash/victim. README.md tells what all this has found.
package crash
