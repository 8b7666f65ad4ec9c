// Package failpoint names the steps of every state machine at which a process may be killed.
//
// In an ordinary build Hit is an empty function. Built with -tags mpfail, the process that called Arm(n)
// is killed by SIGKILL at the n-th Hit that it reaches: a test loops n = 1, 2, 3 … until a run ends alive,
// and so kills at every step that the code has, without listing them.
package failpoint
