// Package patience says how long the tests wait for what is promised.
package patience

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// Promise: so long after a death all others have gone on, on a machine that has a CPU for everybody who wants one.
const Promise = time.Second

// Within is the promise on this machine as it is: with three times as much to do as it has CPUs, everything takes three times as
// long. The load is the kernel's, the mean of a minute (proc_loadavg(5)).
var Within = stretched()

func stretched() time.Duration {
	text, err := os.ReadFile("/proc/loadavg")
	var load float64
	if err == nil {
		_, err = fmt.Sscan(string(text), &load)
	}
	if err != nil {
		return Promise
	}
	return time.Duration(float64(Promise) * min(max(load/float64(runtime.NumCPU()), 1), 10))
}
