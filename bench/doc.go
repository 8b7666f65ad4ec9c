// Package bench measures this module beside third-party rivals, which are nobody's dependency: so it is a module of its own.
// README.md says how to run it, and has the results.
package bench
