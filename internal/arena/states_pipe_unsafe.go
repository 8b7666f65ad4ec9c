package arena

import "unsafe"

// The rings of a pipe follow its head.
const _ = uint(pipeHead-unsafe.Sizeof(PipeState{})) + uint(unsafe.Sizeof(PipeState{})-pipeHead)
