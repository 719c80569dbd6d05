package board

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// attempts is how often a board is listed before a look is given up because its objects go while they are read.
const attempts = 3

// reader brings the rules of the board to the ledger. It is one goroutine's.
type reader struct {
	*desk
	record  *record
	ledger  Ledger
	log     *slog.Logger
	refused map[string]time.Time // objects that the service does not hand out, and since when
	gone    map[string]bool      // objects that were listed at last, but not there
}

// look reads what has come to the board and reports whether it has seen all of it. Where that is not whole, it is what
// was written lately, by clocks that are not too far from this one's.
//
// An object that is listed and then not there was folded: its rules are in another object, which was written before, so the
// next listing has it. One that is listed again and still not there is an object of the past, of which a listing that
// is slow to learn tells.
func (r *reader) look(ctx context.Context, whole bool) (complete bool, err error) {
	for range attempts {
		began := time.Now()
		after := ""
		if !whole {
			after = stamp(r.now().Add(-r.overlap))
		}
		found, err := r.list(ctx, after)
		if err != nil {
			return false, err
		}
		var unread []listed
		for _, l := range found {
			if !r.needless(l) && r.record.listed(l.name, began) {
				unread = append(unread, l)
			}
		}
		if whole {
			r.record.forget(began.Add(-r.overlap))
			maps.DeleteFunc(r.refused, func(name string, _ time.Time) bool {
				return !slices.ContainsFunc(unread, func(l listed) bool { return l.name == name })
			})
		}
		gone, err := r.readAll(ctx, unread)
		if err != nil {
			return false, err
		}
		news := maps.Clone(gone)
		maps.DeleteFunc(news, func(name string, _ bool) bool { return r.gone[name] })
		r.gone = gone
		if len(news) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// needless reports whether no rule in an object can matter any more.
func (r *reader) needless(l listed) bool {
	if n, ours := parseName(l.name); ours {
		return r.expired(n.newest)
	}
	return !l.modified.IsZero() && r.expired(l.modified)
}

// readAll puts the rules of objects in force and returns the names of those that are not there.
func (r *reader) readAll(ctx context.Context, objects []listed) (gone map[string]bool, err error) {
	gone = map[string]bool{}
	var turn sync.Mutex
	var failed []error
	refused := 0 // of those
	inParallel(len(objects), func(i int) {
		turn.Lock()
		away := len(failed) >= 2*connections // it is not about single objects
		if away && refused == len(failed) {
			r.refusedSince(objects[i].name) // as it would be
		}
		turn.Unlock()
		if away {
			return
		}
		rules, err := r.fetch(ctx, objects[i])
		turn.Lock()
		defer turn.Unlock()
		if bucket.Absent(err) {
			gone[objects[i].name] = true
		} else if err := r.settle(objects[i], rules, err); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", objects[i].name, err))
			if fault.Is(err, fault.SourceMissing) {
				refused++
			}
		}
	})
	if len(failed) > 0 {
		return nil, failed[0]
	}
	return gone, nil
}

// settle takes what came of fetching an object and returns the error if it has to be fetched again.
func (r *reader) settle(l listed, rules []purge.Rule, err error) error {
	switch {
	case err == nil:
		r.take(l, rules)
	case isForeign(err):
		r.lose(l, err)
	case fault.Is(err, fault.SourceMissing):
		// The service does not hand it out: it has moved it to where it keeps what is cold, or the one who owns it is
		// another one. Or everything is refused for a while, because credentials have expired, for which nothing need
		// be purged.
		if time.Since(r.refusedSince(l.name)) < r.giveUp {
			return err
		}
		r.lose(l, err)
	default:
		return err
	}
	delete(r.refused, l.name)
	return nil
}

// refusedSince returns since when an object is refused, which is from now on unless it was before.
func (r *reader) refusedSince(name string) time.Time {
	since, before := r.refused[name]
	if !before {
		since = time.Now()
		r.refused[name] = since
	}
	return since
}
