//go:build !race && !mpcheck

package invariant

// Enabled is true in builds with -race or -tags mpcheck.
const Enabled = false
