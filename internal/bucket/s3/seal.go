package s3

import (
	"bytes"
	"context"
	"io"
	"maps"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// seal returns what Put stores: the body and the metadata as they are, or encrypted where there is a key for that.
func (b *store) seal(ctx context.Context, op, key string, body io.ReadSeeker, size int64, metadata map[string]string) (
	io.ReadSeeker, int64, map[string]string, error,
) {
	if b.opener.keys == nil || b.opener.keys.id == "" {
		return body, size, metadata, nil
	}
	if used := volume(metadata); used > bucket.MaxMetadata-EnvelopeSize {
		return nil, 0, nil, fault.New(fault.Internal, op, "metadata: want at most %d bytes beside an envelope, got %d", bucket.MaxMetadata-EnvelopeSize, used)
	}
	text := make([]byte, size, size+sizeTag)
	if _, err := io.ReadFull(body, text); err != nil {
		return nil, 0, nil, fault.New(fault.Internal, op, "%q: the body cannot be read: %w", key, err)
	}
	e := newEnvelope()
	dataKey, err := b.opener.keys.make(ctx, op, b.subject(key), b.opener.region(b.name), e)
	if err != nil {
		return nil, 0, nil, err
	}
	sealed, err := e.seal(dataKey, text)
	clear(dataKey)
	if err != nil {
		return nil, 0, nil, fault.New(fault.SourceFailed, op, "%s: its key, of KMS: %w", b.subject(key), err)
	}
	all, err := e.words()
	if err != nil {
		return nil, 0, nil, fault.Wrap(fault.Internal, op, err)
	}
	maps.Copy(all, metadata)
	return bytes.NewReader(sealed), int64(len(sealed)), all, nil
}

// volume is how many bytes metadata has.
func volume(metadata map[string]string) int {
	n := 0
	for name, value := range metadata {
		n += len(name) + len(value)
	}
	return n
}
