package source

import (
	"context"
	"errors"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/fault"
)

// Fetched is a source, read whole.
type Fetched struct {
	Body        *blob.Blob
	ContentType string // as the source says; empty = it does not
	Validators  Validators
	Version     string // see Version
	Freshness   Freshness
	Began       time.Time // when the fetch began
}

// Fetch opens what ref names and reads it to its end. More than limit bytes are an error of kind
// TooLarge; limit 0 means no bound of this call's own. An error of kind NotModified comes, as from
// Open, with a Fetched that holds the renewed validators, the freshness and the beginning, but no body
// and no version.
func Fetch(ctx context.Context, src Source, ref Ref, known Validators, limit int64) (*Fetched, error) {
	object, err := src.Open(ctx, ref, known)
	if err != nil {
		if object != nil && fault.Is(err, fault.NotModified) {
			return &Fetched{Validators: object.Validators, Freshness: object.Freshness, Began: object.Began}, err
		}
		return nil, err
	}
	defer func() {
		// Everything that matters was read by then, and Read reports what went wrong.
		_ = object.Body.Close()
	}()
	if limit > 0 && object.Size > limit {
		return nil, tooLarge(limit)
	}
	body, err := blob.ReadAll(object.Body, limit, object.Size)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return nil, tooLarge(limit)
	case err != nil:
		return nil, err
	case object.Size >= 0 && body.Len() != object.Size:
		return nil, fault.New(fault.Incomplete, "source.fetch", "got %d of %d bytes", body.Len(), object.Size)
	}
	return &Fetched{
		Body:        body,
		ContentType: object.ContentType,
		Validators:  object.Validators,
		Version:     Version(object.Validators, body),
		Freshness:   object.Freshness,
		Began:       object.Began,
	}, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "source.fetch", "the source has more than %d bytes", limit)
}
