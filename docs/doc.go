// Package docs holds the pages for users, and the tests that keep python.md complete and true: a row for every public
// name of Python (python_names.txt, written by python_names.py), and behind every row that says "yes" a name of ours.
// It has no other code.
package docs
