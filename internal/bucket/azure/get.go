package azure

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// store is a container.
type store struct {
	opener *Opener
	name   string
	client *container.Client
}

var _ bucket.Bucket = (*store)(nil)

// subject is what errors call an object.
func (b *store) subject(key string) string { return "abs://" + b.name + "/" + key }

// ready returns when the service can be asked.
func (b *store) ready(ctx context.Context, op, key string) error {
	if err := b.opener.identity.ready(ctx); err != nil {
		return remote.Failure(ctx, op, b.subject(key), err)
	}
	return nil
}

// blob returns the client for a version of an object; empty = the latest.
func (b *store) blob(ctx context.Context, op, key, version string) (*blob.Client, error) {
	if err := b.ready(ctx, op, key); err != nil {
		return nil, err
	}
	client := b.client.NewBlobClient(key)
	if version == "" {
		return client, nil
	}
	client, err := client.WithVersionID(version)
	if err != nil {
		return nil, fault.New(fault.Internal, op, "%s: a version cannot be asked for: %w", b.subject(key), err)
	}
	return client, nil
}

func (b *store) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	const op = "azure.get"
	if err := bucket.CheckGet(op, key, options); err != nil {
		return nil, err
	}
	return remote.Part(options, func(options bucket.GetOptions) (*bucket.Object, error) { return b.get(ctx, op, key, options) })
}

func (b *store) get(ctx context.Context, op, key string, options bucket.GetOptions) (*bucket.Object, error) {
	client, err := b.blob(ctx, op, key, options.Version)
	if err != nil {
		return nil, err
	}
	var answer *http.Response
	out, err := client.DownloadStream(policy.WithCaptureResponse(ctx, &answer), &blob.DownloadStreamOptions{
		Range:            part(options.Range),
		AccessConditions: conditions(options),
	})
	switch {
	case err != nil:
		return nil, failure(ctx, op, b.subject(key), options.Version, false, answer, err)
	case answer.StatusCode == http.StatusNotModified: // which is no error to the SDK, and tells nothing
		_ = answer.Body.Close() // there is none
		return b.unchanged(ctx, op, key, options, answer.Header)
	}
	length := int64(-1)
	if out.ContentLength != nil {
		length = *out.ContentLength
	}
	info := bucket.Info{
		ETag: tag(out.ETag), LastModified: second(out.LastModified), Version: text(out.VersionID), ContentType: text(out.ContentType),
		ContentEncoding: text(out.ContentEncoding), CacheControl: text(out.CacheControl), Metadata: hyphens(out.Metadata),
	}
	info.Size, err = remote.WholeSize(op, b.subject(key), options.Range, text(out.ContentRange), length)
	if err == nil {
		err = b.wanted(op, key, options.Version, info)
	}
	if err != nil {
		_ = out.Body.Close() // nothing was read
		return nil, err
	}
	if remote.Unchanged(options, info) {
		_ = out.Body.Close() // nothing was read
		return &bucket.Object{Info: info}, bucket.Answered(op, b.subject(key), 304, "", false)
	}
	length = remote.PartSize(options.Range, info.Size, length)
	return &bucket.Object{Info: info, Body: remote.NewBody(ctx, "azure.read", b.subject(key), out.Body, length)}, nil
}

// unchanged is what comes of an answer of 304. Where neither that nor the caller knows an ETag the object is asked for its
// own, which may have changed by then: it is wanted after all.
func (b *store) unchanged(ctx context.Context, op, key string, options bucket.GetOptions, header http.Header) (*bucket.Object, error) {
	info := renewed(header, options)
	if info.ETag == "" {
		var err error
		if info, err = b.Stat(ctx, key, options.Version); err != nil {
			return nil, err
		}
		if !remote.Unchanged(options, info) {
			options.IfNoneMatch, options.IfModifiedSince = "", time.Time{}
			return b.get(ctx, op, key, options)
		}
	}
	return &bucket.Object{Info: info}, bucket.Answered(op, b.subject(key), http.StatusNotModified, "", false)
}

// wanted makes sure that an answer is about the version that was asked for: an account that keeps none answers with the one
// that there is.
func (b *store) wanted(op, key, version string, info bucket.Info) error {
	if version == "" || version == info.Version {
		return nil
	}
	return bucket.Answered(op, b.subject(key), 404, "VersionNotFound", false)
}

// part is a range in the words of the SDK, which adds its two numbers up.
func part(r bucket.Range) blob.HTTPRange {
	if r.Length > math.MaxInt64-r.Offset {
		r.Length = 0
	}
	return blob.HTTPRange{Offset: r.Offset, Count: r.Length}
}

// conditions are those of a Get. The service takes two together to mean that either will do.
func conditions(options bucket.GetOptions) *blob.AccessConditions {
	c := &blob.ModifiedAccessConditions{}
	switch {
	case options.IfNoneMatch != "":
		known := azcore.ETag(options.IfNoneMatch)
		c.IfNoneMatch = &known
	case !options.IfModifiedSince.IsZero():
		c.IfModifiedSince = &options.IfModifiedSince
	}
	return &blob.AccessConditions{ModifiedAccessConditions: c}
}

// renewed is what an answer of 304 says about the object.
func renewed(header http.Header, options bucket.GetOptions) bucket.Info {
	info := bucket.Info{Size: -1, ETag: options.IfNoneMatch, LastModified: options.IfModifiedSince}
	if found := header.Get("ETag"); found != "" {
		info.ETag = remote.Quoted(found)
	}
	if modified := remote.ParseTime(header.Get("Last-Modified")); !modified.IsZero() {
		info.LastModified = modified
	}
	info.CacheControl = header.Get("Cache-Control")
	return info
}

func (b *store) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	const op = "azure.stat"
	if err := bucket.CheckKey(op, key); err != nil {
		return bucket.Info{}, err
	}
	client, err := b.blob(ctx, op, key, version)
	if err != nil {
		return bucket.Info{}, err
	}
	var answer *http.Response
	out, err := client.GetProperties(policy.WithCaptureResponse(ctx, &answer), nil)
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), version, false, answer, err)
	}
	info := bucket.Info{
		Size: -1,
		ETag: tag(out.ETag), LastModified: second(out.LastModified), Version: text(out.VersionID), ContentType: text(out.ContentType),
		ContentEncoding: text(out.ContentEncoding), CacheControl: text(out.CacheControl), Metadata: hyphens(out.Metadata),
	}
	if out.ContentLength != nil {
		info.Size = *out.ContentLength
	}
	return info, b.wanted(op, key, version, info)
}

// failure gives an error of the SDK its kind. put says that it is of a Put with IfAbsent, version what was asked for, last
// what was answered, if anything.
func failure(ctx context.Context, op, subject, version string, put bool, last *http.Response, err error) error {
	var answer *azcore.ResponseError
	switch refused := errors.As(err, &answer) && answer.StatusCode != 0; {
	case ctx.Err() != nil:
	case last != nil && last.StatusCode/100 == 2: // half an answer, or one of another protocol
		_ = last.Body.Close() // the SDK leaves it open where the head cannot be read
		if refused {
			err = errors.New("it is not one of Azure Blob Storage")
		}
		return remote.Broken(ctx, op, subject, err)
	case refused && answer.StatusCode == http.StatusBadRequest && version != "": // what is no name of a version names none
		return bucket.Answered(op, subject, http.StatusNotFound, answer.ErrorCode, put)
	case refused:
		return bucket.Answered(op, subject, answer.StatusCode, answer.ErrorCode, put)
	}
	return remote.Failure(ctx, op, subject, err)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func tag(t *azcore.ETag) string {
	if t == nil {
		return ""
	}
	return remote.Quoted(string(*t))
}

func second(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// hyphens turns the service's metadata into that of a bucket: names are identifiers of a programming language there and
// have underscores.
func hyphens(found map[string]*string) map[string]string {
	if len(found) == 0 {
		return nil
	}
	metadata := make(map[string]string, len(found))
	for name, value := range found {
		metadata[strings.ReplaceAll(strings.ToLower(name), "_", "-")] = text(value)
	}
	return metadata
}

// underscores is the way back.
func underscores(metadata map[string]string) map[string]*string {
	if len(metadata) == 0 {
		return nil
	}
	sent := make(map[string]*string, len(metadata))
	for name, value := range metadata {
		sent[strings.ReplaceAll(name, "-", "_")] = &value
	}
	return sent
}
