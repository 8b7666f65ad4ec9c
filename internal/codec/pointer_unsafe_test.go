package codec_test

import "unsafe"

// rawPointer is the one kind of type that needs package unsafe to be named.
type rawPointer = unsafe.Pointer
