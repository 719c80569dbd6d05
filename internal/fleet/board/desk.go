package board

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/purge"
)

// desk is the objects of a board in its bucket.
type desk struct {
	pace

	bucket    bucket.Bucket // of these objects alone
	retention time.Duration // 0 = for ever
	now       func() time.Time
	observer  Observer
}

// listed is an object as a listing tells of it.
type listed struct {
	name     string
	size     int64     // in bytes
	modified time.Time // by the clock of the service; zero = not told
}

// list returns the objects whose names come after one.
func (d *desk) list(ctx context.Context, after string) ([]listed, error) {
	ctx, cancel := context.WithTimeout(ctx, d.call)
	defer cancel()
	var found []listed
	err := d.bucket.List(ctx, "", after, 0, func(name string, info bucket.Info) bool {
		if name != "" { // the folder itself, as consoles make it
			found = append(found, listed{name, info.Size, info.LastModified})
		}
		return true
	})
	return found, d.outcome(ctx, List, err)
}

// fetch returns the rules in an object. An error may be errForeign.
func (d *desk) fetch(ctx context.Context, l listed) ([]purge.Rule, error) {
	if l.size > maxContent {
		return nil, foreign("want at most %d bytes, got %d", maxContent, l.size)
	}
	ctx, cancel := context.WithTimeout(ctx, d.call)
	defer cancel()
	object, err := d.bucket.Get(ctx, l.name, bucket.GetOptions{})
	if bucket.Absent(err) {
		return nil, err // no failure: it was folded meanwhile
	}
	var content []byte
	if err == nil {
		content, err = readContent(object.Body)
		_ = object.Body.Close() // all that is wanted was read, or there is an error already
	}
	if errors.Is(err, bucket.ErrUnreadable) {
		return nil, foreign("%w", err) // as from before the bucket was encrypted
	}
	if err := d.outcome(ctx, Get, err); err != nil {
		return nil, err
	}
	if len(content) > maxContent {
		return nil, foreign("want at most %d bytes, got more", maxContent)
	}
	return decode(content)
}

// readContent reads a body, or only its beginning if that is not ours: somebody else's may be large, and many are read at
// once.
func readContent(body io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(body, int64(len(heading))))
	if err != nil || string(content) != heading {
		return content, err
	}
	rest, err := io.ReadAll(io.LimitReader(body, int64(maxContent+1-len(heading))))
	return append(content, rest...), err
}

// put writes rules, of which there is at least one, as a new object and returns its name. After an error it may be
// there all the same.
func (d *desk) put(ctx context.Context, kind string, rules []purge.Rule) (string, error) {
	n := name{written: d.now(), newest: rules[0].At, kind: kind}
	for _, r := range rules {
		if r.At.After(n.newest) {
			n.newest = r.At
		}
	}
	options := bucket.PutOptions{ContentType: "text/plain; charset=utf-8"}
	if d.retention > 0 {
		options.Expires = n.newest.Add(d.retention + d.margin)
	}
	object, content := n.text(), encode(rules)
	ctx, cancel := context.WithTimeout(ctx, d.call)
	defer cancel()
	_, err := d.bucket.Put(ctx, object, bytes.NewReader(content), int64(len(content)), options)
	return object, d.outcome(ctx, Put, err)
}

// remove deletes objects and returns the first error.
func (d *desk) remove(ctx context.Context, objects []string) error {
	var first firstError
	inParallel(len(objects), func(i int) {
		if first.get() != nil {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, d.call)
		defer cancel()
		first.set(d.outcome(ctx, Delete, d.bucket.Delete(ctx, objects[i])))
	})
	return first.get()
}

// outcome counts an error, unless it comes of the board being closed.
func (d *desk) outcome(ctx context.Context, operation Operation, err error) error {
	if err != nil && !errors.Is(context.Cause(ctx), context.Canceled) {
		d.observer.Failed(operation)
	}
	return err
}

// expired reports whether a rule of a time covers no entry that any node could still show.
func (d *desk) expired(at time.Time) bool { return d.expiredBy(at, d.now()) }

func (d *desk) expiredBy(at, now time.Time) bool {
	return d.retention > 0 && at.Add(d.retention+d.margin).Before(now)
}
