package s3

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// store is a bucket.
type store struct {
	opener *Opener
	name   string
	there  string // the name or ARN that the service is asked for
}

var _ bucket.Bucket = (*store)(nil)

// subject is what errors call an object.
func (b *store) subject(key string) string { return "s3://" + b.name + "/" + key }

func (b *store) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	const op = "s3.get"
	if err := bucket.CheckGet(op, key, options); err != nil {
		return nil, err
	}
	if b.opener.keys != nil {
		return b.getSealed(ctx, op, key, options)
	}
	return remote.Part(options, func(options bucket.GetOptions) (*bucket.Object, error) {
		object, err := b.get(ctx, op, key, options)
		if object != nil && object.Body != nil {
			length := remote.PartSize(options.Range, object.Info.Size, object.length)
			object.Body = remote.NewBody(ctx, opRead, b.subject(key), object.Body, length)
		}
		return object.opened(), err
	})
}

// opRead is the operation of errors that a body has.
const opRead = "s3.read"

// answered is an object as it is stored.
type answered struct {
	bucket.Object
	length int64 // bytes of Body; -1 = not told
}

func (a *answered) opened() *bucket.Object {
	if a == nil {
		return nil
	}
	return &a.Object
}

// get opens an object as it is stored. Its body has its own errors still.
func (b *store) get(ctx context.Context, op, key string, options bucket.GetOptions) (*answered, error) {
	input := &s3.GetObjectInput{
		Bucket: &b.there, Key: &key, VersionId: optional(options.Version), Range: optional(remote.Range(options.Range)),
		IfNoneMatch: optional(options.IfNoneMatch),
	}
	if options.IfNoneMatch == "" && !options.IfModifiedSince.IsZero() {
		input.IfModifiedSince = &options.IfModifiedSince
	}
	var out *s3.GetObjectOutput
	err := inRegion(b.opener, b.name, func(o ...func(*s3.Options)) (err error) {
		out, err = b.opener.client.GetObject(ctx, input, o...)
		return err
	})
	if err != nil {
		typed := failure(ctx, op, b.subject(key), options.Version, false, err)
		if fault.Is(typed, fault.NotModified) {
			return &answered{Object: bucket.Object{Info: renewed(err, options)}}, typed
		}
		return nil, typed
	}
	length := int64(-1)
	if out.ContentLength != nil {
		length = *out.ContentLength
	}
	info := describe(out)
	info.Size, err = remote.WholeSize(op, b.subject(key), options.Range, aws.ToString(out.ContentRange), length)
	if err == nil && remote.Unchanged(options, info) {
		err = bucket.Answered(op, b.subject(key), 304, "", false)
	}
	switch {
	case fault.Is(err, fault.NotModified):
		_ = out.Body.Close() // nothing was read
		return &answered{Object: bucket.Object{Info: info}}, err
	case err != nil:
		_ = out.Body.Close() // nothing was read
		return nil, err
	}
	return &answered{bucket.Object{Info: info, Body: out.Body}, length}, nil
}

// renewed is what an answer of 304 says about the object.
func renewed(err error, options bucket.GetOptions) bucket.Info {
	info := bucket.Info{Size: -1, ETag: options.IfNoneMatch, LastModified: options.IfModifiedSince}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return info
	}
	header := answer.Response.Header
	if tag := header.Get("ETag"); tag != "" {
		info.ETag = remote.Quoted(tag)
	}
	if modified := remote.ParseTime(header.Get("Last-Modified")); !modified.IsZero() {
		info.LastModified = modified
	}
	info.CacheControl, info.Expires = header.Get("Cache-Control"), remote.ParseTime(header.Get("Expires"))
	return info
}

func (b *store) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	const op = "s3.stat"
	if err := bucket.CheckKey(op, key); err != nil {
		return bucket.Info{}, err
	}
	var out *s3.HeadObjectOutput
	err := inRegion(b.opener, b.name, func(o ...func(*s3.Options)) (err error) {
		out, err = b.opener.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.there, Key: &key, VersionId: optional(version)}, o...)
		return err
	})
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), version, false, err)
	}
	info := describe(&s3.GetObjectOutput{
		ETag: out.ETag, LastModified: out.LastModified, VersionId: out.VersionId, ContentType: out.ContentType,
		ContentEncoding: out.ContentEncoding, CacheControl: out.CacheControl, ExpiresString: out.ExpiresString, Metadata: out.Metadata,
	})
	info.Size = -1
	if out.ContentLength != nil {
		info.Size = *out.ContentLength
	}
	return b.unsealed(info), nil
}

// describe tells what an answer says about an object, but for its size.
func describe(out *s3.GetObjectOutput) bucket.Info {
	info := bucket.Info{
		ETag: remote.Quoted(aws.ToString(out.ETag)), Version: named(out.VersionId),
		ContentType: aws.ToString(out.ContentType), ContentEncoding: aws.ToString(out.ContentEncoding),
		CacheControl: aws.ToString(out.CacheControl), Expires: remote.ParseTime(aws.ToString(out.ExpiresString)),
		Metadata: out.Metadata,
	}
	if out.LastModified != nil {
		info.LastModified = out.LastModified.UTC().Truncate(time.Second)
	}
	return info
}

// named returns the name of a version. Objects from before a bucket kept versions have the name "null".
func named(version *string) string {
	if v := aws.ToString(version); v != "null" {
		return v
	}
	return ""
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
