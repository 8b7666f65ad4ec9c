package mp

import "sync"

// buffers are for messages on their way in and out of queues.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keptBuffer is the longest that is kept for the next message.
const keptBuffer = 1 << 16

func takeBuffer() *[]byte { return buffers.Get().(*[]byte) }

// takeLongBuffer has room for a batch.
func takeLongBuffer() *[]byte {
	b := takeBuffer()
	if cap(*b) < keptBuffer {
		*b = make([]byte, 0, keptBuffer)
	}
	return b
}

// giveBuffer gives the buffer back that used has grown out of.
func giveBuffer(b *[]byte, used []byte) {
	if cap(used) <= keptBuffer {
		*b = used
		buffers.Put(b)
	}
}
