package gcs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// page is a part of a listing.
type page struct {
	NextPageToken string
	Items         []resource
}

func (b *store) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	query := url.Values{"fields": {"nextPageToken,items(name,size,generation,updated)"}}
	if prefix != "" {
		query.Set("prefix", prefix)
	}
	if after != "" {
		query.Set("startOffset", after) // and that itself, where it is there
	}
	for left := limit; ; {
		size := b.opener.page
		if limit > 0 && left+1 < 1000 && (size == 0 || left+1 < size) {
			size = left + 1 // the one that is asked for beside may be after itself
		}
		if size > 0 {
			query.Set("maxResults", strconv.Itoa(size))
		}
		found, err := b.page(ctx, prefix, query)
		if err != nil {
			return err
		}
		for _, item := range found.Items {
			if item.Name <= after {
				continue
			}
			if left--; !visit(item.Name, item.info()) || left == 0 {
				return nil
			}
		}
		if found.NextPageToken == "" {
			return nil
		}
		query.Set("pageToken", found.NextPageToken)
	}
}

func (b *store) page(ctx context.Context, prefix string, query url.Values) (page, error) {
	const op = "gcs.list"
	answer, err := b.opener.send(ctx, call{
		op: op, subject: b.subject(prefix), method: http.MethodGet, path: []string{"storage", "v1", "b", b.name, "o"}, query: query,
	})
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	var found page
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return page{}, remote.Broken(ctx, op, b.subject(prefix), err)
	}
	return found, nil
}
