package gcs

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// resource is an object in the words of the JSON protocol.
type resource struct {
	Name         string            `json:"name,omitempty"`
	Size         string            `json:"size,omitempty"` // a number
	Generation   string            `json:"generation,omitempty"`
	Updated      *time.Time        `json:"updated,omitempty"`
	ContentType  string            `json:"contentType,omitempty"`
	CacheControl string            `json:"cacheControl,omitempty"`
	CustomTime   *time.Time        `json:"customTime,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// Put sends what is said about the object and its body in one request, so that they appear at once. Expires becomes the
// object's custom time, which rules of the bucket can remove it by.
func (b *store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	const op = "gcs.put"
	if err := bucket.CheckPut(op, key, body, size, options); err != nil {
		return bucket.Info{}, err
	}
	said := resource{Name: key, ContentType: options.ContentType, CacheControl: options.CacheControl, Metadata: options.Metadata}
	if !options.Expires.IsZero() {
		said.CustomTime = &options.Expires
	}
	text, err := json.Marshal(said)
	if err != nil {
		return bucket.Info{}, remote.Broken(ctx, op, b.subject(key), err)
	}
	query := url.Values{"uploadType": {"multipart"}, "name": {key}}
	if options.IfAbsent {
		query.Set("ifGenerationMatch", "0")
	}
	boundary := rand.Text() // no body has it by chance
	opening := fmt.Sprintf("--%s\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%s\r\n--%s\r\nContent-Type: %s\r\n\r\n",
		boundary, text, boundary, orBytes(options.ContentType))
	closing := "\r\n--" + boundary + "--\r\n"
	answer, err := b.opener.send(ctx, call{
		op: op, subject: b.subject(key), method: http.MethodPost, path: []string{"upload", "storage", "v1", "b", b.name, "o"},
		query: query, header: http.Header{"Content-Type": {"multipart/related; boundary=" + boundary}}, create: options.IfAbsent,
		body: func() (io.Reader, int64, error) {
			_, err := body.Seek(0, io.SeekStart)
			parts := io.MultiReader(bytes.NewReader([]byte(opening)), io.LimitReader(body, size), bytes.NewReader([]byte(closing)))
			return parts, int64(len(opening)) + size + int64(len(closing)), err
		},
	})
	if err != nil {
		return bucket.Info{}, err
	}
	defer answer.Body.Close()
	var stored resource
	if err := json.NewDecoder(answer.Body).Decode(&stored); err != nil || stored.Generation == "" {
		return bucket.Info{}, remote.Broken(ctx, op, b.subject(key), fmt.Errorf("want an object with a generation: %w", orEOF(err)))
	}
	info := stored.info()
	info.Size, info.ContentType, info.CacheControl, info.Metadata = size, options.ContentType, options.CacheControl, options.Metadata
	return info, nil
}

// info tells what every resource says.
func (r resource) info() bucket.Info {
	info := bucket.Info{Size: -1, ETag: remote.Quoted(r.Generation), Version: r.Generation}
	if size, err := strconv.ParseUint(r.Size, 10, 63); err == nil {
		info.Size = int64(size)
	}
	if r.Updated != nil {
		info.LastModified = r.Updated.UTC().Truncate(time.Second)
	}
	return info
}

func (b *store) Delete(ctx context.Context, key string) error {
	const op = "gcs.delete"
	if err := bucket.CheckKey(op, key); err != nil {
		return err
	}
	answer, err := b.opener.send(ctx, call{
		op: op, subject: b.subject(key), method: http.MethodDelete, path: []string{"storage", "v1", "b", b.name, "o", key},
	})
	switch {
	case bucket.Absent(err):
		return nil
	case err != nil:
		return err
	}
	return answer.Body.Close()
}

func orBytes(contentType string) string {
	if contentType == "" {
		return "application/octet-stream"
	}
	return contentType
}

func orEOF(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
