package board

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/purge"
)

// keeper keeps the board small. It is one goroutine's, and knows of no other node: see the package comment for why none
// has to be asked.
type keeper struct {
	*desk
	log     *slog.Logger
	failing outage

	today time.Time       // for what is expired
	last  string          // the last fold that was written; "" = none whose parts may still be there
	parts map[string]bool // what it is made of
}

// keep clears away what is not needed until the board is closed. The first round of each node is at another time.
func (b *Board) keep() {
	for pause := about(b.pace.keep) / 2; b.rest(pause); pause = about(b.pace.keep) {
		b.keeper.round(b.reading)
	}
}

// round removes what is expired and the parts of earlier folds, and folds anew where that is worth it. The parts go a
// round after the fold has come, and only once it is listed: whoever finds that they are gone finds the fold, even where
// listings are late. While nothing can be removed nothing is folded, or the board would grow by it.
func (k *keeper) round(ctx context.Context) {
	found, err := k.list(ctx, "")
	if err != nil {
		return // whoever reads says so
	}
	k.today = now(k.now(), found)
	folded := slices.ContainsFunc(found, func(l listed) bool { return l.name == k.last })
	var doomed []string
	var small []listed
	for _, l := range found {
		n, ours := parseName(l.name)
		switch {
		case !ours: // it is somebody's, who may want it
		case k.expiredBy(n.newest, k.today) || folded && k.parts[l.name]:
			doomed = append(doomed, l.name)
		case l.size < k.foldSize:
			small = append(small, l)
		}
	}
	err = k.remove(ctx, doomed)
	if err == nil && (folded || k.forgotten()) {
		k.last, k.parts = "", nil
		err = k.fold(ctx, small)
	}
	if ctx.Err() == nil {
		k.failing.report(err)
	}
}

// forgotten reports whether the last fold, which is not listed, is not waited for: there is none, or others must have
// folded it before it was seen here.
func (k *keeper) forgotten() bool {
	n, _ := parseName(k.last)
	return k.now().Sub(n.written).Abs() > 6*k.foldPause
}

// now returns the time by which something is expired: that of this machine, but not later than the last that the service
// has told. A machine that is in the wrong year must not clear the board of all others.
func now(here time.Time, found []listed) time.Time {
	var there time.Time
	for _, l := range found {
		if l.modified.After(there) {
			there = l.modified
		}
	}
	if there.IsZero() || here.Before(there) {
		return here
	}
	return there
}

// fold writes the rules of many small objects as one, unless somebody has just done so.
func (k *keeper) fold(ctx context.Context, small []listed) error {
	if len(small) <= k.foldAbove {
		return nil
	}
	var chosen []listed
	size := int64(0)
	for _, l := range small {
		n, _ := parseName(l.name)
		if n.kind == fold && k.now().Sub(n.written).Abs() < k.foldPause {
			return nil
		}
		if size += l.size; size <= k.foldInput && len(chosen) < k.foldParts {
			chosen = append(chosen, l)
		}
	}
	parts, rules, err := k.collect(ctx, chosen)
	if err != nil || len(parts) < 2 {
		return err
	}
	needed := k.needed(rules)
	if len(needed) == 0 {
		return nil // they go one by one when the margin has passed
	}
	object, err := k.put(ctx, fold, needed)
	if err != nil {
		return err
	}
	k.log.Debug("purges were folded", "objects", len(parts), "rules", len(rules), "needed", len(needed))
	k.last, k.parts = object, map[string]bool{}
	for _, part := range parts {
		k.parts[part] = true
	}
	return nil
}

// collect fetches the objects that are understood and still there.
func (k *keeper) collect(ctx context.Context, objects []listed) (parts []string, rules []purge.Rule, err error) {
	contents := make([][]purge.Rule, len(objects))
	var first firstError
	inParallel(len(objects), func(i int) {
		if first.get() != nil {
			return
		}
		found, err := k.fetch(ctx, objects[i])
		if err != nil && !bucket.Absent(err) && !isForeign(err) {
			first.set(err)
		}
		contents[i] = found
	})
	for i, content := range contents {
		if len(content) > 0 {
			parts, rules = append(parts, objects[i].name), append(rules, content...)
		}
	}
	return parts, rules, first.get()
}

// needed returns the rules that a node which knows none of them needs, oldest first. A rule that this version does
// not understand is one.
func (k *keeper) needed(rules []purge.Rule) []purge.Rule {
	slices.SortFunc(rules, func(a, b purge.Rule) int { return b.At.Compare(a.At) })
	ledger := purge.NewMemory(0)
	ledger.Now = k.now
	seen := map[string]bool{}
	var kept []purge.Rule
	for _, r := range rules {
		if seen[r.ID] || k.expiredBy(r.At, k.today) {
			continue
		}
		seen[r.ID] = true
		// From the newest, so what makes another one needless is there before it.
		if merged, err := ledger.Merge(r); merged || err != nil {
			kept = append(kept, r)
		}
	}
	slices.Reverse(kept)
	return kept
}
