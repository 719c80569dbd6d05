package cachetest

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// Call is one of the calls of a store.
type Call uint8

// The calls.
const (
	Get Call = 1 << iota
	Put
	Delete

	AnyCall = Get | Put | Delete
)

// Failing is a store some of whose calls fail, with an error of kind Internal, before they have an effect.
type Failing struct {
	cache.Store

	// Calls are those that may fail, and are counted.
	Calls Call
	// Fails decides by the number of the call, from 1.
	Fails func(n int64) bool

	count, failed atomic.Int64
}

// NewFailing returns a store that passes on what s does except for the calls that fail.
func NewFailing(s cache.Store, calls Call, fails func(n int64) bool) *Failing {
	return &Failing{Store: s, Calls: calls, Fails: fails}
}

// Nth is for Failing: the nth call fails.
func Nth(n int64) func(int64) bool { return func(call int64) bool { return call == n } }

// Every is for Failing: each nth call fails.
func Every(n int64) func(int64) bool { return func(call int64) bool { return call%n == 0 } }

// Failed returns how many calls have failed.
func (f *Failing) Failed() int64 { return f.failed.Load() }

func (f *Failing) call(c Call) error {
	if f.Calls&c == 0 {
		return nil
	}
	if n := f.count.Add(1); f.Fails(n) {
		f.failed.Add(1)
		return fault.New(fault.Internal, "cachetest.failing", "call %d fails on purpose", n)
	}
	return nil
}

// Get implements cache.Store.
func (f *Failing) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	if err := f.call(Get); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, key)
}

// Put implements cache.Store.
func (f *Failing) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	if err := f.call(Put); err != nil {
		return err
	}
	return f.Store.Put(ctx, key, e)
}

// Delete implements cache.Store.
func (f *Failing) Delete(ctx context.Context, key cache.Key) error {
	if err := f.call(Delete); err != nil {
		return err
	}
	return f.Store.Delete(ctx, key)
}

// Short is a store that writes the first half of each body, and the whole meta, and says that all went well.
type Short struct{ cache.Store }

// Put implements cache.Store.
func (s Short) Put(ctx context.Context, key cache.Key, e *cache.Entry) error {
	return s.Store.Put(ctx, key, &cache.Entry{Meta: e.Meta, Body: changed(e.Body, func(b []byte) []byte { return b[:len(b)/2] })})
}

// Flipping is a store that flips a bit of each body that it reads.
type Flipping struct{ cache.Store }

// Get implements cache.Store.
func (f Flipping) Get(ctx context.Context, key cache.Key) (*cache.Entry, error) {
	e, err := f.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	flipped := *e
	flipped.Body = changed(e.Body, func(b []byte) []byte {
		if len(b) > 0 {
			b[len(b)/2] ^= 1
		}
		return b
	})
	return &flipped, e.Body.Close()
}

// changed returns a blob of the changed bytes of another, which stays as it is.
func changed(of *blob.Blob, change func([]byte) []byte) *blob.Blob {
	b, err := io.ReadAll(of.Reader())
	if err != nil {
		panic(err) // a fake over a store that is at hand
	}
	return blob.New(change(b))
}
