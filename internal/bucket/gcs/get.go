package gcs

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// Get asks for the head first where there is a condition. The service knows conditions on the tags of each of its
// protocols, but not over the older one on what both call a version, the generation; and asking takes no longer than being
// told that nothing has changed.
func (b *store) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	const op = "gcs.get"
	if err := bucket.CheckGet(op, key, options); err != nil {
		return nil, err
	}
	if options.IfNoneMatch != "" || !options.IfModifiedSince.IsZero() {
		info, err := b.head(ctx, op, key, options.Version)
		if err != nil {
			return nil, err
		}
		if remote.Unchanged(options, info) {
			return &bucket.Object{Info: info}, bucket.Answered(op, b.subject(key), http.StatusNotModified, "", false)
		}
	}
	return remote.Part(options, func(options bucket.GetOptions) (*bucket.Object, error) { return b.get(ctx, op, key, options) })
}

func (b *store) get(ctx context.Context, op, key string, options bucket.GetOptions) (*bucket.Object, error) {
	header := http.Header{}
	if text := remote.Range(options.Range); text != "" {
		header.Set("Range", text)
	}
	answer, err := b.read(ctx, op, http.MethodGet, key, options.Version, header)
	if err != nil {
		return nil, err
	}
	info, err := describe(op, b.subject(key), answer, options.Range)
	if err != nil {
		_ = answer.Body.Close() // nothing was read
		return nil, err
	}
	length := remote.PartSize(options.Range, info.Size, answer.ContentLength)
	return &bucket.Object{Info: info, Body: remote.NewBody(ctx, "gcs.read", b.subject(key), answer.Body, length)}, nil
}

func (b *store) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	const op = "gcs.stat"
	if err := bucket.CheckKey(op, key); err != nil {
		return bucket.Info{}, err
	}
	return b.head(ctx, op, key, version)
}

func (b *store) head(ctx context.Context, op, key, version string) (bucket.Info, error) {
	answer, err := b.read(ctx, op, http.MethodHead, key, version, nil)
	if err != nil {
		return bucket.Info{}, err
	}
	defer answer.Body.Close()
	return describe(op, b.subject(key), answer, bucket.Range{})
}

func (b *store) read(ctx context.Context, op, method, key, version string, header http.Header) (*http.Response, error) {
	query := url.Values{}
	if version != "" {
		if _, err := strconv.ParseUint(version, 10, 63); err != nil { // the service calls that a bad request
			return nil, fault.New(fault.SourceMissing, op, "%s: versions are numbers here: %w", b.subject(key), &bucket.StatusError{Status: http.StatusNotFound})
		}
		query.Set("generation", version)
	}
	return b.opener.send(ctx, call{
		op: op, subject: b.subject(key), method: method, path: []string{b.name, key}, query: query, header: header,
	})
}

// describe tells what the head of an answer says about an object.
func describe(op, subject string, answer *http.Response, asked bucket.Range) (bucket.Info, error) {
	h := answer.Header
	size, err := remote.WholeSize(op, subject, asked, h.Get("Content-Range"), answer.ContentLength)
	if err != nil {
		return bucket.Info{}, err
	}
	generation := h.Get("X-Goog-Generation")
	return bucket.Info{
		Size: size, ETag: remote.Quoted(generation), Version: generation,
		LastModified: remote.ParseTime(h.Get("Last-Modified")), ContentType: h.Get("Content-Type"),
		ContentEncoding: h.Get("Content-Encoding"), CacheControl: h.Get("Cache-Control"), Expires: remote.ParseTime(h.Get("Expires")), Metadata: metadata(h),
	}, nil
}
