package azure

import (
	"context"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// Put sends the body in one request, as the service takes it up to 5000 MiB.
func (b *store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	const op = "azure.put"
	if err := bucket.CheckPut(op, key, body, size, options); err != nil {
		return bucket.Info{}, err
	}
	if err := b.ready(ctx, op, key); err != nil {
		return bucket.Info{}, err
	}
	sent := &blockblob.UploadOptions{
		Metadata:    underscores(options.Metadata),
		HTTPHeaders: &blob.HTTPHeaders{BlobContentType: optional(options.ContentType), BlobCacheControl: optional(options.CacheControl)},
	}
	if options.IfAbsent {
		anything := azcore.ETagAny
		sent.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &anything}}
	}
	var answer *http.Response
	out, err := b.client.NewBlockBlobClient(key).Upload(policy.WithCaptureResponse(ctx, &answer), streaming.NopCloser(body), sent)
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), "", options.IfAbsent, answer, err)
	}
	return bucket.Info{
		Size: size, ETag: tag(out.ETag), LastModified: second(out.LastModified), Version: text(out.VersionID),
		ContentType: options.ContentType, CacheControl: options.CacheControl, Metadata: options.Metadata,
	}, nil
}

func (b *store) Delete(ctx context.Context, key string) error {
	const op = "azure.delete"
	if err := bucket.CheckKey(op, key); err != nil {
		return err
	}
	if err := b.ready(ctx, op, key); err != nil {
		return err
	}
	var answer *http.Response
	_, err := b.client.NewBlobClient(key).Delete(policy.WithCaptureResponse(ctx, &answer), nil)
	if err == nil {
		return nil
	}
	if err = failure(ctx, op, b.subject(key), "", false, answer, err); bucket.Absent(err) {
		return nil
	}
	return err
}

func (b *store) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	const op = "azure.list"
	if err := b.ready(ctx, op, prefix); err != nil {
		return err
	}
	listing := remote.NewListing(prefix, after, limit, visit)
	size := int32(listing.Page(b.opener.page))
	options := &container.ListBlobsFlatOptions{Prefix: optional(prefix), StartFrom: optional(after), MaxResults: &size}
	for pager := b.client.NewListBlobsFlatPager(options); pager.More(); {
		var answer *http.Response
		out, err := pager.NextPage(policy.WithCaptureResponse(ctx, &answer))
		if err != nil {
			return failure(ctx, op, b.subject(prefix), "", false, answer, err)
		}
		if out.Segment == nil {
			return remote.Broken(ctx, op, b.subject(prefix), io.ErrUnexpectedEOF)
		}
		for _, found := range out.Segment.BlobItems {
			if found.Properties == nil {
				continue
			}
			info := bucket.Info{Size: -1, ETag: tag(found.Properties.ETag), LastModified: second(found.Properties.LastModified)}
			if found.Properties.ContentLength != nil {
				info.Size = *found.Properties.ContentLength
			}
			if !listing.Take(text(found.Name), info) {
				return nil
			}
		}
		if err := listing.Turn(text(out.NextMarker)); err != nil && pager.More() {
			return remote.Broken(ctx, op, b.subject(prefix), err)
		}
	}
	return nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
