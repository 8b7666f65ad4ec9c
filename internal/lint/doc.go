// Package lint holds the house rules of this repository, as tests that explain themselves.
//
// A rule is a function from sources to findings, one sentence each, so that a test beside it can show on a bad source
// that the rule is able to fail. The package has no other code: nothing imports it, and it costs the library nothing.
//
// Two rules compare with golden files in testdata: the layout of what lies in shared memory, and the third-party
// modules that each package needs. After an intended change:
//
//	go test ./internal/lint -update
//
// and the difference is part of the commit, where a reviewer sees it.
package lint
