// Package board shares purges through the bucket that the entries are in: nodes need no other server to know what was
// purged at one of them. The way of a purge:
//
//	node A                           bucket, below prefix/purges/                         node B
//
//	Ledger.Add                                                                         Ledger <----.
//	   | Observer                                                                                  | MergeAll
//	   v                                                                                           |
//	Offer                                                                                          |
//	   | 100 ms: what comes meanwhile                                                              |
//	   v goes along                                                                                |
//	write ---- Put, retried ------> written-newest-rules-random ----- List every 4 s, Get ----- watch
//	   ^                                 |     |     |
//	   | what the board lacks            v     v     v
//	compare, at start and            written-newest-fold-random                        what is in a fold
//	every 5 minutes                                                                    is known already
//	                               keep: > 256 are folded into one, expired ones go
//
// Every node does all of it. It is ready when it has read the whole board once.
//
// # Why nobody has to lock
//
// An object has a name of its own, is written once and never changed. A rule has an ID and a time of its own, so reading it
// twice, from two objects, or in another order than others comes to the same. An object is deleted only when all its rules
// have expired, or when they are in a fold, but for those that a newer rule in that fold makes needless. The fold was
// written after its parts were, by the one who deletes them, who has seen it in a listing. So what a deletion relies on is
// always younger than what is deleted, and never in a circle: however many nodes fold the same objects and each other's
// folds, each rule that is needed is in some object at any time. Two that fold at the same time leave two folds, which
// the next one makes one of.
//
// A reader who finds that a listed object is gone lists again, and finds the fold.
//
// # What goes wrong
//
// The bucket is down: rules wait, nodes go on with what they know, and the log says so once. A node that starts then is
// not ready. What was held back is written under the time of writing, and thus read like what is new.
//
// A node ends before it has written a rule: nodes that got it by another way, and itself when it is back with its
// ledger, find that the board lacks it.
//
// An object is damaged, foreign, or of a version to come: it may have been any purge, so everything older than it is purged:
// slower, never wrong.
//
// Somebody empties the bucket: the nodes write what their ledgers hold.
//
// # Clocks
//
// What counts is whether an entry began to be made before a rule's time, which two clocks may tell. With clocks that
// differ by d, a purge at the node that is behind leaves entries alone that the other one has made in the d before, and one
// at the node that is ahead covers entries that are made in the d after. A rule from more than five minutes ahead is held
// back until it is not. Names of objects are times of their writers, on which nothing depends while there are no more
// than a thousand of them, because the listing is always a whole one; with more, an object is found within ten seconds if
// the clocks of writer and reader are less than ten minutes apart, and else within seven minutes.
package board
