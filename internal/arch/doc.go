// Package arch holds the import policy of this module, as a test.
//
// The policy stands in policy_test.go: on which floor each package is, which imports belong to one place only, which
// names are not used. Imports go down only, and packages of one floor never import each other, so every package can be
// read, tested and replaced with nothing but the floors beneath it in mind.
//
// The test reads the module's files and parses them itself. It does not run `go list`: the test cache knows which files
// a test opened, but not what a child process looked at, and would go on passing after a violation.
package arch
