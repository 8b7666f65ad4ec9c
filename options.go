package mp

import "github.com/multiproc/mp/internal/arena"

// Option is a rare switch of a shared object's constructor: [Name], [Release], [Action].
type Option interface{ apply(*settings) }

// settings are what the options of one constructor amount to.
type settings struct {
	name   string
	policy uint32
	action Target // of a barrier; nil: none
}

// Name is what mp ps and errors call the object. Tools show its first 40 bytes.
type Name string

func (n Name) apply(s *settings) { s.name = string(n) }

type policy uint32

func (p policy) apply(s *settings) { s.policy = uint32(p) }

// Release: a holder's death frees the lock. For locks that guard nothing that can be torn, such as who
// prints next. LastDeath tells whether it happened.
const Release = policy(arena.PolicyRelease)

func settle(opts []Option) settings {
	var s settings
	for _, o := range opts {
		o.apply(&s)
	}
	return s
}
