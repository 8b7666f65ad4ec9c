//go:build !unix

package bench

import (
	"errors"
	"os"
)

func socketPair() (mine, theirs *os.File, err error) {
	return nil, nil, errors.ErrUnsupported
}
