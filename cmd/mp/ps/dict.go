package ps

import (
	"fmt"

	"github.com/multiproc/mp/inspect"
)

// dict is the state of a dict: how much is in it, and whether somebody is at it.
func dict(d *inspect.Dict) string {
	s := fmt.Sprintf("%s, %d bytes", count(int(d.Len), "key", "keys"), d.Bytes)
	if d.Held > 0 {
		s += fmt.Sprintf(", %d of %d shards held", d.Held, d.Shards)
	}
	return s
}
