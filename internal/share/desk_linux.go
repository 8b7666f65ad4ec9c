package share

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Desk is where the descriptors of this process are offered. It has a socket and a goroutine while something is.
type Desk struct {
	owner string

	mu     sync.Mutex
	offers map[Key]*Descriptor
	window *window // nil while nothing is offered
}

// NewDesk makes the desk of this process; owner is its name in the names of sockets, up to 60 bytes, and known to all
// who fetch.
func NewDesk(owner string) *Desk { return &Desk{owner: owner, offers: make(map[Key]*Descriptor)} }

// Offer lets others fetch the descriptor until it is closed. A second Offer returns the same ticket.
func (x *Descriptor) Offer() (Ticket, error) {
	d := x.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := x.use(func(int) error { return nil }); err != nil {
		return Ticket{}, err
	}
	if !x.offered {
		if err := d.offer(x); err != nil {
			return Ticket{}, err
		}
	}
	return Ticket{Namespace: namespace(), Socket: d.window.number, Key: x.key}, nil
}

func (d *Desk) offer(x *Descriptor) error {
	// Not by crypto/rand: 29 packages more for every child to link and initialise.
	if _, err := unix.Getrandom(x.key[:], 0); err != nil {
		return os.NewSyscallError("getrandom", err)
	}
	if d.window == nil {
		w, err := openWindow(d.owner)
		if err != nil {
			return err
		}
		d.window = w
		go d.attend(w)
	}
	x.offered = true
	d.offers[x.key] = x
	return nil
}

// withdraw ends an offer. If it was the last, it returns the lines that the caller has to close, without the mutex.
func (d *Desk) withdraw(x *Descriptor) (idle []*line) {
	if !x.offered {
		return nil
	}
	x.offered = false
	delete(d.offers, x.key)
	if len(d.offers) > 0 {
		return nil
	}
	w := d.window
	idle = append(idle, w.line)
	for guest := range w.guests {
		idle = append(idle, guest)
	}
	d.window, w.guests = nil, nil
	return idle
}

// offered is the descriptor that is offered under a key; nil if none is.
func (d *Desk) offered(k Key) *Descriptor {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.offers[k]
}

// admit counts a guest in, unless the window is closed.
func (d *Desk) admit(w *window, guest *line) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.guests == nil {
		return false
	}
	w.guests[guest] = struct{}{}
	return true
}

// dismiss closes a guest's line. If withdraw has counted it, it is closed twice, which harms nobody.
func (d *Desk) dismiss(w *window, guest *line) {
	d.mu.Lock()
	delete(w.guests, guest)
	d.mu.Unlock()
	guest.close()
}

// closed tells whether the window is.
func (d *Desk) closed(w *window) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return w.guests == nil
}
