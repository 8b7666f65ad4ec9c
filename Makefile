# The commands stand in .ci/run, one function a stage; these are short names for them.
# CRASH_FOR=10m, FUZZ_FOR=1m and so on go through: make crash CRASH_FOR=10m

.DEFAULT_GOAL := help
.PHONY: help check test race lint cross examples crash model bench tour fuzz tidy-check golden ci

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

check: ## what every commit passes: format, vet, staticcheck, tests
	@.ci/run format vet staticcheck test

test: ## all tests
	@.ci/run test

race: ## all tests under the race detector, and with one CPU
	@.ci/run race one-cpu

lint: ## go vet for Linux and the four other targets, staticcheck, the house rules
	@.ci/run format vet cross staticcheck
	@go test ./internal/lint

cross: ## compile everything, tests too, for linux/arm64, darwin/arm64, windows/amd64, freebsd/amd64
	@.ci/run cross

examples: ## run every example and compare what it prints
	@go test -count=1 ./examples/...

crash: export CRASH_FOR ?= 60s
crash: export MUTANTS ?= 1
crash: ## kill -9 at every step, for CRASH_FOR (60s)
	@.ci/run crash

model: ## check the models of the protocols with spin, and the variants that must fail
	@.ci/run models

bench: ## measure beside the rivals
	@go run ./cmd/mp bench

tour: ## the examples, one after the other
	@.ci/run tour

fuzz: export FUZZ_FOR ?= 50000x
fuzz: ## every fuzz target, FUZZ_FOR (50000x: so often) each
	@.ci/run fuzz

tidy-check: ## go.mod and go.sum say what the code needs
	@.ci/run tidy

golden: ## rewrite the golden files of layout and dependencies; read the difference
	@go test ./internal/lint -update

ci: ## everything, as the CI does
	@.ci/run
