package ps

import (
	"fmt"
	"strings"

	"github.com/multiproc/mp/inspect"
)

// queue is the state of a queue: how much is in it, and whether more may come.
func queue(q *inspect.Queue) string {
	all := []string{count(int(q.Len), "message", "messages")}
	if q.Cap > 0 {
		all[0] = fmt.Sprintf("%d of %d messages", q.Len, q.Cap)
	}
	all = append(all, fmt.Sprintf("%d of %d bytes", q.Bytes, q.Ring))
	if n := q.Blocks.Count; n > 0 {
		all = append(all, fmt.Sprintf("%s of %d bytes beside them", count(int(n), "block", "blocks"), q.Blocks.Bytes))
	}
	if n := q.Blocks.Spares; n > 0 {
		all = append(all, fmt.Sprintf("%d spare of %d bytes", n, q.Blocks.SpareBytes))
	}
	if q.Putters {
		all = append(all, "some wait for room")
	}
	switch {
	case q.Corrupt:
		all = append(all, "found corrupt")
	case q.Shut:
		all = append(all, "shut down")
	}
	return strings.Join(all, ", ")
}
