package arena

import (
	"structs"

	"github.com/multiproc/mp/internal/prim"
)

// EventState is the payload of an object of KindEvent.
type EventState struct {
	_     structs.HostLayout
	Event prim.Event
	_     [60]byte
}

// died leaves the event as it is: set or not, that is nobody's.
func (s *EventState) died(a *Arena, _ *Object, _, _ uint32) { s.Event.Died(a.park) }

// engages: who waits, or sets, holds a handle.
func (s *EventState) engages(uint32, uint32) bool { return false }
