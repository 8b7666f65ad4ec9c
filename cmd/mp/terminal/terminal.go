// Package terminal tells who watches.
package terminal

import (
	"io"
	"os"
)

// Is tells whether w is a terminal, as far as the standard library knows: a device for characters.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
