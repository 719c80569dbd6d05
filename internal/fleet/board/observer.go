package board

// Observer counts what a board does. Its methods are called by many goroutines and must not block.
type Observer interface {
	// Read is told how many rules of one object came into force here: those that were in force already do not count.
	Read(rules int)
	// Written is told how many rules this node has put on the board in one object. Rules that were folded do not count.
	Written(rules int)
	// Failed is told of each thing that could not be done.
	Failed(operation Operation)
}

// Operation is something that a node does with the board.
type Operation string

// The operations that can fail. All are tried again but Understand, after which everything is purged.
const (
	List       Operation = "list"       // ask which objects there are
	Get        Operation = "get"        // fetch an object
	Put        Operation = "put"        // write an object
	Delete     Operation = "delete"     // remove an object that nobody needs any more
	Understand Operation = "understand" // make sense of an object, or of a rule in it
)

type nobody struct{}

func (nobody) Read(int)         {}
func (nobody) Written(int)      {}
func (nobody) Failed(Operation) {}
