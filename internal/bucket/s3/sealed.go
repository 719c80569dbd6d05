package s3

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// Amazon's own client for Go is what our tests read and write with. The server does without it: it panics where an object's
// words are of other lengths than it wrote them, looks for instruction objects with a client that knows neither our endpoint
// nor our bounds, and leaves a temporary file behind where a request fails (v3.2.0).

// getSealed opens an object that is encrypted. The whole of it is moved, whatever range is asked for: nothing of it is given away
// before all of it is proved.
func (b *store) getSealed(ctx context.Context, op, key string, options bucket.GetOptions) (*bucket.Object, error) {
	part := options.Range
	options.Range = bucket.Range{}
	found, err := b.get(ctx, op, key, options)
	if err != nil {
		if found != nil {
			found.Info = b.unsealed(found.Info)
		}
		return found.opened(), err
	}
	body, err := b.unseal(ctx, op, key, found)
	if err == nil {
		found.Info = b.unsealed(found.Info)
		body.from, body.to, err = within(part, found.Info.Size)
		if err != nil {
			err = bucket.Answered(op, b.subject(key), 416, "", false)
		}
	}
	if err != nil {
		_ = found.Body.Close() // nothing was read
		return nil, err
	}
	found.Body = remote.NewBody(ctx, opRead, b.subject(key), body, body.to-body.from)
	return found.opened(), nil
}

// within returns where a part of size bytes begins and ends, or bucket.ErrRange.
func within(part bucket.Range, size int64) (from, to int64, err error) {
	if part.Offset >= size && part.Offset > 0 {
		return 0, 0, bucket.ErrRange
	}
	if to = size; part.Length > 0 && part.Length < size-part.Offset {
		to = part.Offset + part.Length
	}
	return part.Offset, to, nil
}

// unsealed returns what is told about an object whose stored form info describes.
func (b *store) unsealed(info bucket.Info) bucket.Info {
	if b.opener.keys == nil {
		return info
	}
	if info.Size >= 0 {
		info.Size = max(info.Size-sizeTag, 0)
	}
	info.Metadata = withoutEnvelope(info.Metadata)
	return info
}

// unseal returns what reads the plain body of an object.
func (b *store) unseal(ctx context.Context, op, key string, found *answered) (*sealedBody, error) {
	unreadable := func(why error) error {
		return fault.New(fault.SourceFailed, op, "%s: %w: %w", b.subject(key), bucket.ErrUnreadable, why)
	}
	if found.length < sizeTag {
		return nil, unreadable(errors.New("it is shorter than what proves it"))
	}
	e, err := parseEnvelope(found.Info.Metadata)
	if errors.Is(err, errNoEnvelope) {
		e, err = b.instructions(ctx, key, found.Info.Metadata)
	}
	if err != nil {
		if known := (*fault.Error)(nil); errors.As(err, &known) {
			return nil, err
		}
		return nil, unreadable(err)
	}
	dataKey, err := b.opener.keys.unwrap(ctx, op, b.subject(key), b.opener.region(b.name), e)
	if err != nil {
		return nil, err
	}
	return &sealedBody{in: found.Body, length: found.length, envelope: e, dataKey: dataKey}, nil
}

// An instruction object holds what its object's metadata does not; it is some hundred bytes long.
const (
	instructionSuffix = ".instruction"
	longInstruction   = 64 << 10
)

// instructions reads the envelope of an object from a second one beside it, as clients can be told to keep it.
func (b *store) instructions(ctx context.Context, key string, metadata map[string]string) (*envelope, error) {
	const op = "s3.get"
	beside, err := b.get(ctx, op, key+instructionSuffix, bucket.GetOptions{})
	var status *bucket.StatusError
	switch {
	case errors.As(err, &status) && (bucket.Absent(err) || status.Code == "AccessDenied"): // S3 may hide what is absent
		return nil, errNoEnvelope
	case err != nil:
		return nil, err
	}
	body := remote.NewBody(ctx, opRead, b.subject(key+instructionSuffix), beside.Body, beside.length)
	defer func() { _ = body.Close() }() // it was read, or is not wanted
	text, err := io.ReadAll(io.LimitReader(body, longInstruction+1))
	if err != nil {
		return nil, err
	}
	var words map[string]any
	if len(text) > longInstruction || json.Unmarshal(text, &words) != nil {
		return nil, errors.New("the object with its instructions is no JSON of a few words")
	}
	all := map[string]string{}
	for word, value := range words {
		if text, ok := value.(string); ok {
			all[word] = text
		}
	}
	maps.Copy(all, metadata) // what stands with the object itself, such as what it commits to, is meant
	return parseEnvelope(all)
}
