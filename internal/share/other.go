//go:build !linux

package share

import (
	"os"
	"syscall"
	"time"

	"github.com/multiproc/mp/internal/sys"
)

// Desk offers nothing here.
type Desk struct{}

// Descriptor is none here.
type Descriptor struct{}

func descriptors() error { return &sys.UnsupportedError{What: "passing descriptors between processes"} }

// NewDesk makes a desk that is of no use.
func NewDesk(string) *Desk { return &Desk{} }

// Dup needs Linux.
func (d *Desk) Dup(syscall.Conn) (*Descriptor, error) { return nil, descriptors() }

// Fetch needs Linux.
func (d *Desk) Fetch(string, Ticket, time.Duration) (*Descriptor, error) { return nil, descriptors() }

// Offer needs Linux.
func (x *Descriptor) Offer() (Ticket, error) { return Ticket{}, descriptors() }

// Given is nil.
func (x *Descriptor) Given() <-chan struct{} { return nil }

// File needs Linux.
func (x *Descriptor) File(string) (*os.File, error) { return nil, descriptors() }

// Close does nothing.
func (x *Descriptor) Close() {}
