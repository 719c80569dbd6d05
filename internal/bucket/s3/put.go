package s3

import (
	"context"
	"io"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// Put sends the body in one request, as the service takes it up to 5 GiB. With a key of KMS, all of it is in memory meanwhile.
func (b *store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	const op = "s3.put"
	if err := bucket.CheckPut(op, key, body, size, options); err != nil {
		return bucket.Info{}, err
	}
	sent, length, metadata, err := b.seal(ctx, op, key, body, size, options.Metadata)
	if err != nil {
		return bucket.Info{}, err
	}
	input := &s3.PutObjectInput{
		Bucket: &b.there, Key: &key, Body: sent, ContentLength: &length,
		ContentType: optional(options.ContentType), CacheControl: optional(options.CacheControl), Metadata: metadata,
	}
	if options.IfAbsent {
		input.IfNoneMatch = aws.String("*")
	}
	var out *s3.PutObjectOutput
	err = inRegion(b.opener, b.name, func(o ...func(*s3.Options)) (err error) {
		if _, err := sent.Seek(0, io.SeekStart); err != nil {
			return err
		}
		out, err = b.opener.client.PutObject(ctx, input, o...)
		return err
	})
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), "", options.IfAbsent, err)
	}
	return bucket.Info{
		Size: size, ETag: remote.Quoted(aws.ToString(out.ETag)), Version: named(out.VersionId),
		ContentType: options.ContentType, CacheControl: options.CacheControl, Metadata: options.Metadata,
	}, nil
}

func (b *store) Delete(ctx context.Context, key string) error {
	const op = "s3.delete"
	if err := bucket.CheckKey(op, key); err != nil {
		return err
	}
	err := inRegion(b.opener, b.name, func(o ...func(*s3.Options)) error {
		_, err := b.opener.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.there, Key: &key}, o...)
		return err
	})
	if err == nil {
		return nil
	}
	if err = failure(ctx, op, b.subject(key), "", false, err); bucket.Absent(err) {
		return nil
	}
	return err
}

func (b *store) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	const op = "s3.list"
	input := &s3.ListObjectsV2Input{
		Bucket: &b.there, Prefix: optional(prefix), StartAfter: optional(after),
		// XML cannot hold every character that a key can.
		EncodingType: types.EncodingTypeUrl,
	}
	for listing := remote.NewListing(prefix, after, limit, visit); ; {
		input.MaxKeys = aws.Int32(int32(listing.Page(b.opener.page)))
		var out *s3.ListObjectsV2Output
		err := inRegion(b.opener, b.name, func(o ...func(*s3.Options)) (err error) {
			out, err = b.opener.client.ListObjectsV2(ctx, input, o...)
			return err
		})
		if err != nil {
			return failure(ctx, op, b.subject(prefix), "", false, err)
		}
		for _, found := range out.Contents {
			key := aws.ToString(found.Key)
			if out.EncodingType == types.EncodingTypeUrl {
				if key, err = url.QueryUnescape(key); err != nil {
					return remote.Broken(ctx, op, b.subject(prefix), err)
				}
			}
			info := b.unsealed(bucket.Info{Size: aws.ToInt64(found.Size), ETag: remote.Quoted(aws.ToString(found.ETag))})
			if found.LastModified != nil {
				info.LastModified = found.LastModified.UTC().Truncate(time.Second)
			}
			if !listing.Take(key, info) {
				return nil
			}
		}
		if !aws.ToBool(out.IsTruncated) || aws.ToString(out.NextContinuationToken) == "" {
			return nil
		}
		if err := listing.Turn(*out.NextContinuationToken); err != nil {
			return remote.Broken(ctx, op, b.subject(prefix), err)
		}
		input.ContinuationToken, input.StartAfter = out.NextContinuationToken, nil
	}
}
