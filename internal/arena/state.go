package arena

// State is the word that says what a process slot is:
//
//	bits 0–7    Status
//	bits 8–17   slot of the sweeper, while Dead
//	bits 18–36  generation, counted up at each claim
//	bits 37–55  generation of the sweeper: its slot may have a new tenant
//
// The moves: Free -> Starting by the starter, who holds the slot's life byte; Starting -> Live by the
// child; Live -> Exited by the process itself as its last act; Starting, Live or Exited -> Dead by whoever
// has proof of death and sweeps; Dead -> Free when the sweep is complete. A slot is claimed again only
// after its sweep, so an id found in a word names a living process or one that is being swept.
type State uint64

// Status is the phase of a slot's life.
type Status uint8

// The phases, in the order in which a slot goes through them.
const (
	Free Status = iota
	Starting
	Live
	Dead
	Exited
)

// String is the phase's name in mp ps.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "corrupt"
}

var statusNames = [...]string{"free", "starting", "live", "dead", "exited"}

const (
	generationBits = 19
	generationMask = 1<<generationBits - 1
)

// NewState puts a state together. sweeper is an id, 0 for none.
func NewState(status Status, sweeper uint32, generation uint32) State {
	return State(status) | State(SlotOf(sweeper))<<8 | State(generation&generationMask)<<18 | State(sweeper>>10&generationMask)<<37
}

// Status is the phase.
func (s State) Status() Status { return Status(s) }

// Sweeper is the slot of the process that sweeps this one, while it is Dead.
func (s State) Sweeper() uint32 { return uint32(s>>8) & (Slots - 1) }

// sweeperID is the id of that process.
func (s State) sweeperID() uint32 { return ID(s.Sweeper(), uint32(s>>37)&generationMask) }

// Generation counts the claims of this slot.
func (s State) Generation() uint32 { return uint32(s>>18) & generationMask }

// ID makes the id of a process: never 0, as generations begin at 1.
func ID(slot, generation uint32) uint32 { return generation<<10 | slot }

// SlotOf is the slot of the process with this id.
func SlotOf(id uint32) uint32 { return id & (Slots - 1) }

// nextGeneration skips 0, so that no id is 0.
func nextGeneration(g uint32) uint32 {
	if g = (g + 1) & generationMask; g == 0 {
		g = 1
	}
	return g
}
