package ps

import (
	"fmt"

	"github.com/multiproc/mp/inspect"
)

// array is how much lies in an array.
func array(a *inspect.Array) string {
	s := fmt.Sprintf("%s of %s", count(int(a.Len), "element", "elements"), count(int(a.Element), "byte", "bytes"))
	if a.Sparse {
		s += ", sparse"
	}
	return s
}
