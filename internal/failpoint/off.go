//go:build !mpfail

package failpoint

// Enabled is true in builds with -tags mpfail.
const Enabled = false

// Hit marks a step. It does nothing in this build.
func Hit(string) {}

// Arm would kill the process at the n-th Hit. It does nothing in this build.
func Arm(int, func(step string)) {}

// Disarm ends what Arm began and returns the number of steps that were hit: none in this build.
func Disarm() int { return 0 }
