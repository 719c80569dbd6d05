package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

// read reads an entry out of the bucket.
func (s *Store) read(ctx context.Context, key cache.Key) (a answer) {
	const op = "cache.object.get"
	defer func() {
		if p := recover(); p != nil {
			a = answer{nil, Failed, fault.Wrap(fault.Internal, op, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))}
		}
	}()
	object, err := s.config.Bucket.Get(ctx, s.config.Prefix+objectName(key), bucket.GetOptions{})
	switch {
	case bucket.Absent(err):
		return answer{nil, Absent, errAbsent}
	case hidden(err):
		return answer{nil, Denied, errDenied}
	case errors.Is(err, bucket.ErrUnreadable):
		return answer{nil, Spoiled, fault.Wrap(fault.NotFound, op, damaged(Foreign, "%v", err))}
	case err != nil:
		return answer{nil, Failed, fault.Wrap(fault.KindOf(err), op, err)}
	}
	defer object.Body.Close()
	e, err := s.entry(key, object)
	var d *damageError
	switch {
	case err == nil:
		return answer{e, Found, nil}
	case errors.As(err, &d):
		return answer{nil, Spoiled, fault.Wrap(fault.NotFound, op, d)}
	case errors.Is(err, errTooLarge):
		return answer{nil, TooLarge, err}
	case errors.Is(err, errExpired):
		return answer{nil, Expired, err}
	}
	return answer{nil, Failed, fault.Wrap(fault.KindOf(err), op, err)}
}

// hidden reports whether an error is the one that S3 has for absent objects, too, where the caller may not list the bucket.
// Wrong credentials have others.
func hidden(err error) bool {
	var status *bucket.StatusError
	return errors.As(err, &status) && status.Status == 403 && status.Code == "AccessDenied"
}

// entry makes an entry of its object. The body is read into one buffer of the right size, and nothing is allocated before the
// service and the metadata agree on it.
func (s *Store) entry(key cache.Key, object *bucket.Object) (*cache.Entry, error) {
	h, err := parseHead(key, object.Info.Metadata)
	if err != nil {
		return nil, err
	}
	size, want := object.Info.Size, h.Meta.Length
	switch {
	case size > s.config.MaxEntry || want > s.config.MaxEntry:
		return nil, errTooLarge
	case size >= 0 && size < want:
		return nil, damaged(Truncated, "the object has %d bytes of %d", size, want)
	case size > want:
		return nil, damaged(Foreign, "the object has %d bytes, want %d", size, want)
	case !s.config.Now().Before(h.Meta.Clocks.Keep):
		return nil, errExpired
	}
	body := make([]byte, want)
	n, err := io.ReadFull(object.Body, body)
	if fault.KindOf(err) == fault.Internal && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		// Not a connection that broke: the bucket holds it so.
		return nil, damaged(Truncated, "the body has %d bytes of %d", n, want)
	}
	switch {
	case errors.Is(err, bucket.ErrUnreadable):
		return nil, damaged(Flipped, "%v", err)
	case err != nil:
		return nil, err
	}
	// To the end and no further: a connection is used again, and a file that changed meanwhile says so, only then.
	switch n, err := object.Body.Read(make([]byte, 1)); {
	case n > 0:
		return nil, damaged(Foreign, "the body has more than %d bytes", want)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	if !h.proves(body) {
		return nil, damaged(Flipped, "the object does not fit its sum")
	}
	return &cache.Entry{Meta: h.Meta, Body: blob.New(body), Tier: tier}, nil
}
