package swift

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ncw/swift/v2"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// Put sends the body in one request, as the service takes it up to 5 GiB. With IfAbsent the service looks first and writes
// then: of two writers at the same instant, both may succeed.
func (b *store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	const op = "swift.put"
	if err := bucket.CheckPut(op, key, body, size, options); err != nil {
		return bucket.Info{}, err
	}
	headers := swift.Headers{"Content-Length": strconv.FormatInt(size, 10)}
	for name, value := range map[string]string{"Content-Type": options.ContentType, "Cache-Control": options.CacheControl} {
		if value != "" {
			headers[name] = value
		}
	}
	if options.IfAbsent {
		headers["If-None-Match"] = "*"
	}
	if !options.Expires.IsZero() {
		headers["X-Delete-At"] = strconv.FormatInt(options.Expires.Unix(), 10)
	}
	for name, value := range options.Metadata {
		headers["X-Object-Meta-"+name] = value
	}
	answer, err := b.call(ctx, http.MethodPut, key, headers, body)
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), options.IfAbsent, err)
	}
	answer.discard()
	return bucket.Info{
		Size: size, ETag: remote.Quoted(answer.header.Get("Etag")), LastModified: remote.ParseTime(answer.header.Get("Last-Modified")),
		ContentType: options.ContentType, CacheControl: options.CacheControl, Metadata: options.Metadata,
	}, nil
}

func (b *store) Delete(ctx context.Context, key string) error {
	const op = "swift.delete"
	if err := bucket.CheckKey(op, key); err != nil {
		return err
	}
	answer, err := b.call(ctx, http.MethodDelete, key, nil, nil)
	if err != nil {
		if err = failure(ctx, op, b.subject(key), false, err); bucket.Absent(err) {
			return nil
		}
		return err
	}
	answer.discard()
	return nil
}

func (b *store) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	const op = "swift.list"
	options := &swift.ObjectsOpts{Prefix: prefix, Marker: after}
	for listing := remote.NewListing(prefix, after, limit, visit); ; {
		options.Limit = listing.Page(b.opener.page)
		var found []swift.Object
		end, err := b.opener.again(ctx, func(ctx context.Context) (err error) {
			found, err = b.opener.connection.Objects(ctx, b.name, options)
			return err
		})
		if err != nil {
			return failure(ctx, op, b.subject(prefix), false, err)
		}
		end()
		for _, object := range found {
			info := bucket.Info{Size: object.Bytes, ETag: remote.Quoted(object.Hash), LastModified: nextSecond(object.ServerLastModified)}
			if !listing.Take(object.Name, info) {
				return nil
			}
			options.Marker = object.Name
		}
		if len(found) < options.Limit {
			return nil
		}
		if err := listing.Turn(options.Marker); err != nil {
			return remote.Broken(ctx, op, b.subject(prefix), err)
		}
	}
}

// nextSecond reads the time of a listing, which has fractions, as the second that the service calls the Last-Modified of the
// same object: the one that follows.
func nextSecond(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05.999999", text)
	if err != nil {
		return time.Time{}
	}
	second := t.Truncate(time.Second)
	if second.Before(t) {
		second = second.Add(time.Second)
	}
	return second
}
