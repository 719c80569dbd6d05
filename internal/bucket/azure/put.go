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
	sent := &blockblob.UploadOptions{
		Metadata:    underscores(options.Metadata),
		HTTPHeaders: &blob.HTTPHeaders{BlobContentType: optional(options.ContentType), BlobCacheControl: optional(options.CacheControl)},
	}
	if options.IfAbsent {
		anything := azcore.ETagAny
		sent.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &anything}}
	}
	out, err := b.client.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(body), sent)
	if err != nil {
		return bucket.Info{}, failure(ctx, op, b.subject(key), "", options.IfAbsent, err)
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
	_, err := b.client.NewBlobClient(key).Delete(ctx, nil)
	if err == nil {
		return nil
	}
	if err = failure(ctx, op, b.subject(key), "", false, err); bucket.Absent(err) {
		return nil
	}
	return err
}

func (b *store) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	const op = "azure.list"
	options := &container.ListBlobsFlatOptions{Prefix: optional(prefix), StartFrom: optional(after)}
	if b.opener.page > 0 {
		options.MaxResults = &b.opener.page
	}
	if wanted := int32(min(limit, 4999)) + 1; limit > 0 && (b.opener.page == 0 || wanted < b.opener.page) {
		options.MaxResults = &wanted // the one that is asked for beside may be after itself
	}
	left := limit
	for pager := b.client.NewListBlobsFlatPager(options); pager.More(); {
		var answer *http.Response
		out, err := pager.NextPage(policy.WithCaptureResponse(ctx, &answer))
		if err != nil && answer != nil && answer.StatusCode == http.StatusOK {
			return remote.Broken(ctx, op, b.subject(prefix), err)
		}
		if err != nil {
			return failure(ctx, op, b.subject(prefix), "", false, err)
		}
		if out.Segment == nil {
			return remote.Broken(ctx, op, b.subject(prefix), io.ErrUnexpectedEOF)
		}
		for _, found := range out.Segment.BlobItems {
			key := text(found.Name)
			if key <= after || found.Properties == nil {
				continue
			}
			info := bucket.Info{Size: -1, ETag: tag(found.Properties.ETag), LastModified: second(found.Properties.LastModified)}
			if found.Properties.ContentLength != nil {
				info.Size = *found.Properties.ContentLength
			}
			if left--; !visit(key, info) || left == 0 {
				return nil
			}
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
