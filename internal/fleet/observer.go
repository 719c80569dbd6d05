package fleet

import "time"

// Observer counts what a client does. Its methods are called by many goroutines and must not block.
type Observer interface {
	// Call is told of everything the server was asked, how long that took and what came of it, but for whether it is there.
	// Calls that were not made because the circuit is open count with no time and Skipped.
	Call(operation string, took time.Duration, outcome Outcome)
	// Circuit is told when the server begins to be asked and when it ceases to be.
	Circuit(closed bool)
	// Collapsed is told how each Collapse or Attempt came by its result.
	Collapsed(part Part)
	// Read is told how many rules of other nodes came into force here, Written how many of ours the server took.
	Read(rules int)
	Written(rules int)
}

// Outcome is what came of a call.
type Outcome string

// The outcomes of calls.
const (
	Answered Outcome = "answered"
	Slow     Outcome = "slow"    // no answer within the time of a call
	Failed   Outcome = "failed"  // no connection, or the server refused
	Left     Outcome = "left"    // whoever called went away
	Skipped  Outcome = "skipped" // the circuit is open
)

// Part is how a Collapse or Attempt came by its result.
type Part string

// The parts.
const (
	Filled Part = "filled" // with the lease
	Found  Part = "found"  // somebody else had filled
	Alone  Part = "alone"  // without a lease: the server or the other filler was of no help
	Gone   Part = "gone"   // the caller went away while waiting
	Busy   Part = "busy"   // not at all: an Attempt left it to another node
)

type nobody struct{}

func (nobody) Call(string, time.Duration, Outcome) {}
func (nobody) Circuit(bool)                        {}
func (nobody) Collapsed(Part)                      {}
func (nobody) Read(int)                            {}
func (nobody) Written(int)                         {}
