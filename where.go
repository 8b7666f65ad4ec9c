package mp

import (
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/sys"
)

// whoCalls is this goroutine and the line outside of this package that called into it. It costs 1 µs.
func whoCalls() caller {
	return caller{goroutine: sys.Goroutine(), where: whereFrom()}
}

// lines remembers where stacks come from: naming a line costs more than finding the stack.
var lines sync.Map // [framesSeen]uintptr to arena.TraceText

// framesSeen is how far up a line outside of this package is looked for.
const framesSeen = 8

func whereFrom() arena.TraceText {
	var stack [framesSeen]uintptr
	runtime.Callers(4, stack[:]) // without itself, this, whoCalls and its caller
	if t, ok := lines.Load(stack); ok {
		return t.(arena.TraceText)
	}
	t := arena.Text(firstOutside(runtime.CallersFrames(stack[:])))
	lines.Store(stack, t)
	return t
}

// firstOutside is the first line of a stack that is not in this package: directory if it fits, file and line.
func firstOutside(frames *runtime.Frames) string {
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "github.com/multiproc/mp.") && f.File != "" {
			dir, file := path.Split(f.File)
			file += ":" + strconv.Itoa(f.Line)
			if long := path.Join(path.Base(dir), file); len(long) <= arena.TraceTextSize {
				return long
			}
			return file
		}
		if !more {
			return ""
		}
	}
}
