//go:build linux && race

package mp_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/multiproc/mp"
)

var _ = func() bool { mistakes["no annotation"] = countWithoutAnnotation; return true }()

// countWithoutAnnotation is right, and the race detector does not know it: the word of the lock is in shared
// memory, which it does not watch.
func countWithoutAnnotation() {
	mp.Init()
	l, n := mp.Unannotated{L: mp.NewLock()}, 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				l.Lock()
				n++
				l.Unlock()
			}
		})
	}
	wg.Wait()
}

// What mp tells the race detector matters: without it, right programs are reported.
func TestTheAnnotationMatters(t *testing.T) {
	c := exec.CommandContext(context.Background(), os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), mistakeVar+"=no annotation", "GORACE=exitcode=66 atexit_sleep_ms=0")
	out, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 66 || !strings.Contains(string(out), "DATA RACE") {
		t.Errorf("the detector did not object (%v): either it sees shared memory now, or this test shows nothing\n%s", err, out)
	}
}
