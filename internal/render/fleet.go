package render

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// Fleet has one node of all do a piece of work. It decides nothing: where nobody can be asked, every node does the work,
// and no error of its own but the cause of a ctx that ended reaches the caller.
type Fleet interface {
	// Collapse returns when look found the result, which another node has made, or when fill has made it, with fill's
	// error. It waits for the node that is at it; fill returns when the others can find what it made.
	Collapse(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) error
	// Attempt is Collapse for what can be left to another node. It waits for none: busy says that one is at it, and that
	// nothing was done here.
	Attempt(ctx context.Context, name string, look func(context.Context) bool, fill func(context.Context) error) (busy bool, err error)
}

var (
	errElsewhere = fault.New(fault.Canceled, "render.refresh", "another node has the work in hand")
	errUnsettled = fault.New(fault.Internal, "render.settle", "other nodes cannot find the result")
)

// makeForAll is make in a fleet. Clients of this node are answered as soon as there is a result; the others are let go on
// when they can find it.
func (r *Renderer) makeForAll(ctx context.Context, t task) error {
	look := func(ctx context.Context) bool { return r.look(ctx, &t, false) }
	fill := func(ctx context.Context) error {
		stored, err := r.makeHere(ctx, &t)
		if err != nil || !stored {
			return err
		}
		return r.settle(ctx, t.plan.Key)
	}
	var err error
	if t.background {
		var busy bool
		if busy, err = r.Fleet.Attempt(ctx, t.flight.name(), look, fill); busy {
			r.leave(t.flight)
			return errElsewhere
		}
	} else {
		err = r.Fleet.Collapse(ctx, t.flight.name(), look, fill)
	}
	if errors.Is(err, errUnsettled) {
		return nil // that was for the others
	}
	return err
}

// settle waits until other nodes can find what was stored. That they cannot is not reported here: the tier reports what it
// does not write, in its own time, and the others count what they make alone.
func (r *Renderer) settle(ctx context.Context, key cache.Key) error {
	if r.Settled == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.SettleTimeout)
	defer cancel()
	if r.Settled(ctx, key) != nil {
		return errUnsettled
	}
	return nil
}

// name is what a flight is called between nodes. One that comes after a purge has another than one from before it.
func (f flight) name() string {
	return f.key.String() + "." + strconv.FormatInt(f.purged, 36)
}

// leftFor is how long a refresh is not tried that another node had in hand: each hit on a stale entry would ask anew.
const leftFor = time.Second

func (r *Renderer) leave(f flight) {
	r.elsewhere.Store(f, nil)
	time.AfterFunc(leftFor, func() { r.elsewhere.Delete(f) })
}

// isElsewhere reports whether another node had a flight in hand a moment ago.
func (r *Renderer) isElsewhere(f flight) bool {
	if r.Fleet == nil {
		return false
	}
	_, is := r.elsewhere.Load(f)
	return is
}
