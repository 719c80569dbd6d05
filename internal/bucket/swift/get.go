package swift

import (
	"context"
	"net/http"
	"strings"

	"github.com/ncw/swift/v2"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

func (b *store) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	const op = "swift.get"
	if err := bucket.CheckGet(op, key, options); err != nil {
		return nil, err
	}
	if err := b.latest(op, key, options.Version); err != nil {
		return nil, err
	}
	return remote.Part(options, func(options bucket.GetOptions) (*bucket.Object, error) { return b.get(ctx, op, key, options) })
}

// latest refuses versions: which of its ways to keep them a cluster has, if any, shows in none of its answers, and one that
// has none answers with the latest.
func (b *store) latest(op, key, version string) error {
	if version == "" {
		return nil
	}
	return fault.New(fault.SourceMissing, op, "%s: versions cannot be asked for on Swift: %w", b.subject(key), &bucket.StatusError{Status: http.StatusNotFound})
}

func (b *store) get(ctx context.Context, op, key string, options bucket.GetOptions) (*bucket.Object, error) {
	headers := swift.Headers{}
	if text := remote.Range(options.Range); text != "" {
		headers["Range"] = text
	}
	if options.IfNoneMatch != "" {
		headers["If-None-Match"] = options.IfNoneMatch
	} else if !options.IfModifiedSince.IsZero() {
		headers["If-Modified-Since"] = remote.FormatTime(options.IfModifiedSince)
	}
	answer, err := b.call(ctx, http.MethodGet, key, headers, nil)
	if err != nil {
		err = failure(ctx, op, b.subject(key), false, err)
		if answer != nil && fault.Is(err, fault.NotModified) {
			info := describe(answer.header)
			info.Size = -1
			return &bucket.Object{Info: info}, err
		}
		return nil, err
	}
	info := describe(answer.header)
	info.Size, err = remote.WholeSize(op, b.subject(key), options.Range, answer.header.Get("Content-Range"), answer.size)
	if err != nil {
		_ = answer.Close() // nothing was read
		return nil, err
	}
	if remote.Unchanged(options, info) {
		_ = answer.Close() // nothing was read
		return &bucket.Object{Info: info}, bucket.Answered(op, b.subject(key), http.StatusNotModified, "", false)
	}
	length := remote.PartSize(options.Range, info.Size, answer.size)
	return &bucket.Object{Info: info, Body: remote.NewBody(ctx, "swift.read", b.subject(key), answer, length)}, nil
}

func (b *store) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	const op = "swift.stat"
	if err := bucket.CheckKey(op, key); err != nil {
		return bucket.Info{}, err
	}
	if err := b.latest(op, key, version); err != nil {
		return bucket.Info{}, err
	}
	answer, err := b.call(ctx, http.MethodHead, key, nil, nil)
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), false, err)
	}
	info := describe(answer.header)
	info.Size = answer.size
	_ = answer.Close() // it has no body
	return info, nil
}

// describe tells what the head of an answer says about an object, but for its size.
func describe(h http.Header) bucket.Info {
	info := bucket.Info{
		ETag: remote.Quoted(h.Get("Etag")), LastModified: remote.ParseTime(h.Get("Last-Modified")), ContentType: h.Get("Content-Type"),
		ContentEncoding: h.Get("Content-Encoding"), CacheControl: h.Get("Cache-Control"), Expires: remote.ParseTime(h.Get("Expires")),
	}
	const prefix = "X-Object-Meta-"
	for name := range h {
		if strings.HasPrefix(name, prefix) {
			if info.Metadata == nil {
				info.Metadata = map[string]string{}
			}
			info.Metadata[strings.ToLower(name[len(prefix):])] = h.Get(name)
		}
	}
	return info
}
