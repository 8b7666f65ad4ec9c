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
