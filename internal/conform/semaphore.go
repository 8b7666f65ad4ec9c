package conform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Permits is what every semaphore of this module is.
type Permits interface {
	Acquire()
	TryAcquire() bool
	AcquireContext(ctx context.Context) error
	Release()
	ReleaseN(n int)
	Value() int
}

// makePermits makes a fresh semaphore.
type makePermits func(t *testing.T, permits int) Permits

// permitCase is a case, and CPython's name for it in its comment: test/lock_tests.py where nothing else is said.
type permitCase struct {
	name    string
	permits int
	test    func(t *testing.T, s Permits)
}

// baseCases are BaseSemaphoreTests', and ours for all semaphores.
var baseCases = []permitCase{
	{"acquire and release", 2, permitAcquireRelease},                // test_acquire
	{"contended", 7, permitContended(releaseSingly)},                // test_acquire_contended
	{"many released at once", 7, permitContended(Permits.ReleaseN)}, // test_multirelease
	{"try", 2, permitTry},                                                  // test_try_acquire
	{"try contended", 4, permitTryContended},                               // test_try_acquire_contended
	{"timeout", 2, permitTimeout},                                          // test_acquire_timeout, _TestSemaphore.test_timeout
	{"a waiter goes on", 1, permitWaiterGoesOn},                            // test_default_value
	{"a panic inside", 2, permitPanicInside},                               // test_with
	{"value", 2, permitValue},                                              // _test_multiprocessing.py: _TestSemaphore._test_semaphore
	{"success wins over an ended context", 1, permitFreeBeatsEnded},        // ours
	{"releases of none or less", 1, permitReleaseNone},                     // ours
	{"a cancelled waiter eats no permit", 1, permitCancelled},              // ours
	{"a storm of cancelled waiters", 3, permitCancelStorm},                 // ours
	{"never more inside than permits", 3, permitNeverMore},                 // ours
	{"all get in, released together", 4, permitAllGetIn(Permits.ReleaseN)}, // ours
	{"all get in, released one by one", 4, permitAllGetIn(releaseSingly)},  // ours
}

func runPermitCases(t *testing.T, of makePermits, groups ...[]permitCase) {
	t.Run("bad numbers", func(t *testing.T) { permitBadNumbers(t, of) }) // test_constructor
	for _, group := range groups {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				s := of(t, c.permits)
				c.test(t, s)
			})
		}
	}
}

// Semaphore runs the contract of a semaphore that nobody bounds.
func Semaphore(t *testing.T, of func(t *testing.T, permits int) Permits) {
	runPermitCases(t, of, baseCases, []permitCase{
		{"released, not acquired", 1, permitReleaseUnacquired}, // SemaphoreTests.test_release_unacquired
		{"above its first value", 2, permitAbove},              // _test_multiprocessing.py: _TestSemaphore.test_semaphore
		{"overflow", 1<<31 - 1, permitOverflow},                // ours
	})
}

// BoundedSemaphore runs the contract of a semaphore with a bound.
func BoundedSemaphore(t *testing.T, of func(t *testing.T, permits int) Permits) {
	t.Run("limit", func(t *testing.T) { boundedLimit(t, of) }) // test_threading.py: ThreadTests.test_BoundedSemaphore_limit
	runPermitCases(t, of, baseCases, []permitCase{
		{"released, not acquired", 1, boundedReleaseUnacquired}, // BoundedSemaphoreTests.test_release_unacquired
		{"no more than it began with", 2, boundedKeeps},         // _test_multiprocessing.py: _TestSemaphore.test_bounded_semaphore
		{"released at once, more than acquired", 3, boundedReleaseTooMany},
	})
}

// mustPanic wants f to, with these words in it.
func mustPanic(t *testing.T, what, words string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		if v == nil {
			t.Errorf("%s did not panic", what)
		} else if text := fmt.Sprint(v); !strings.Contains(text, words) {
			t.Errorf("%s panicked with %q, expected %q in it", what, text, words)
		}
	}()
	f()
}

func mustHave(t *testing.T, s Permits, want int) {
	t.Helper()
	if got := s.Value(); got != want {
		t.Errorf("%d permits are left, expected %d", got, want)
	}
}

// acquireFor is AcquireContext for that long.
func acquireFor(s Permits, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return s.AcquireContext(ctx)
}

func mustTimeOut(t *testing.T, s Permits, d time.Duration) {
	t.Helper()
	begin := time.Now()
	if err := acquireFor(s, d); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, expected context.DeadlineExceeded", err)
	}
	if waited := time.Since(begin); waited < d {
		t.Errorf("gave up after %v, before its %v were over", waited, d)
	}
}
