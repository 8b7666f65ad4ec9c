package queue

import "github.com/multiproc/mp/internal/refusal"

// The errors of all queues, those between processes too. Compare with errors.Is.
var (
	ErrEmpty    = refusal.ErrEmpty    // there is nothing to get now
	ErrFull     = refusal.ErrFull     // there is no room now
	ErrShutDown = refusal.ErrShutDown // nothing can be put any more; of a get: and nothing is left
)
