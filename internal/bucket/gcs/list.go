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
	for listing := remote.NewListing(prefix, after, limit, visit); ; {
		query.Set("maxResults", strconv.Itoa(listing.Page(b.opener.page)))
		found, err := b.page(ctx, prefix, query)
		if err != nil {
			return err
		}
		for _, item := range found.Items {
			if !listing.Take(item.Name, item.info()) {
				return nil
			}
		}
		if found.NextPageToken == "" {
			return nil
		}
		if err := listing.Turn(found.NextPageToken); err != nil {
			return remote.Broken(ctx, opList, b.subject(prefix), err)
		}
		query.Set("pageToken", found.NextPageToken)
	}
}

const opList = "gcs.list"

func (b *store) page(ctx context.Context, prefix string, query url.Values) (page, error) {
	answer, err := b.opener.send(ctx, call{
		op: opList, subject: b.subject(prefix), method: http.MethodGet, path: []string{"storage", "v1", "b", b.name, "o"}, query: query,
	})
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	var found page
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return page{}, remote.Broken(ctx, opList, b.subject(prefix), err)
	}
	return found, nil
}
