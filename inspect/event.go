package inspect

import "github.com/multiproc/mp/internal/arena"

// Event is the state of an event.
type Event struct {
	Set    bool `json:"set"`
	Waited bool `json:"waited"` // somebody sleeps, or did until just now
}

// String is the state in a word.
func (e *Event) String() string {
	if e.Set {
		return "set"
	}
	return "cleared"
}

func (r *record) event() *Event {
	e := &payload[arena.EventState](r).Event
	return &Event{e.IsSet(), e.Waited()}
}
