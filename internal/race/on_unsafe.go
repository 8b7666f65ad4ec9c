//go:build race

package race

import (
	"runtime"
	"unsafe"
)

// Enabled is true in a build with the race detector.
const Enabled = true

// Acquire tells the detector that everything before the last Release happened before what follows.
func (s *Shadow) Acquire() { runtime.RaceAcquire(unsafe.Pointer(&s.b)) }

// Release tells the detector that what came before happens before what follows the next Acquire.
func (s *Shadow) Release() { runtime.RaceReleaseMerge(unsafe.Pointer(&s.b)) }
