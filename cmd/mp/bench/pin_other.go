//go:build !linux

package bench

import "errors"

var errNoPinning = errors.New("pinning to a CPU needs Linux")

func pin(int) error { return errNoPinning }

func allowed() ([]int, error) { return nil, errNoPinning }
