//go:build linux

package main

import "slices"

var scenarios = slices.Concat(lockScenarios(), rlockScenarios(), valueScenarios(), processScenarios(), sweepScenarios(), traceScenarios())
