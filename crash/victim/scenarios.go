//go:build linux

package main

import "slices"

var scenarios = slices.Concat(
	lockScenarios(), valueScenarios(), processScenarios(), sweepScenarios(),
	semaphoreScenarios(), rlockScenarios(), traceScenarios(), rwLockScenarios(), conditionScenarios(), eventScenarios(), barrierScenarios(),
	rconditionScenarios(), queueScenarios(), freightScenarios(), arrayScenarios(), pipeScenarios(), listScenarios(), dictScenarios(), taskScenarios(), fileScenarios(),
)
