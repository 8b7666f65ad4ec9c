// Package invariant holds assertions that are compiled in for tests and races, and are nothing elsewhere.
// An assertion says what the author believes cannot happen; what a user or another process can cause is
// an error, never an assertion.
package invariant

// Check panics with msg in a checked build if ok is false.
func Check(ok bool, msg string) {
	if Enabled && !ok {
		panic("mp: broken invariant: " + msg)
	}
}
