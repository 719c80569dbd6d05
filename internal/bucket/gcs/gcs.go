// Package gcs opens buckets of Google Cloud Storage.
//
// It speaks the service's two protocols itself: objects are read over the older one, which tells everything about an object
// in the head of its answer, and written, listed and removed over the JSON one. Google's own library is made for all its
// services at once and would be the larger half of the program; that is why only the credentials are its work.
package gcs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// Config says whose buckets are opened, and as whom. The zero value is Google's, as whoever the environment names: its
// application default credentials.
type Config struct {
	Key      string // JSON key of a service account; empty = the environment names who we are
	Endpoint string // URL of another service, which is asked without credentials unless there is a Key; empty = Google's
	ReadOnly bool   // ask for the right to read only

	remote.Config
}

// DefaultEndpoint is Google's.
const DefaultEndpoint = "https://storage.googleapis.com"

// Opener opens buckets.
type Opener struct {
	base      url.URL
	transport *http.Transport
	client    *http.Client
	identity  *identity // nil = no credentials
	attempts  int
	page      int // objects per listing
}

var _ bucket.Opener = (*Opener)(nil)

// New returns an Opener. Without a Key it may ask the machine that it runs on for credentials.
func New(ctx context.Context, c Config) (*Opener, error) {
	bounds, err := c.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("gcs: %w", err)
	}
	base, err := parseEndpoint(c.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("gcs: Endpoint: %w", err)
	}
	transport := remote.NewTransport(bounds)
	o := &Opener{base: base, transport: transport, attempts: bounds.Attempts, page: 1000}
	o.client = &http.Client{Transport: remote.NewGuard(transport, o.isObject)}
	scope := "https://www.googleapis.com/auth/devstorage.read_write"
	if c.ReadOnly {
		scope = "https://www.googleapis.com/auth/devstorage.read_only"
	}
	// A token is for everybody, so whoever asks for it first does not end the asking. It ends by itself.
	asker := &http.Client{Transport: discreet{remote.NewGuard(transport, nil)}, Timeout: bounds.AnswerTimeout}
	forTokens := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, asker)
	switch {
	case c.Key != "":
		account, err := google.JWTConfigFromJSON([]byte(c.Key), scope)
		if err != nil {
			return nil, errors.New("gcs: Key: want the JSON key of a service account") // not err: it may quote the key
		}
		o.identity = &identity{source: account.TokenSource(forTokens)}
	case c.Endpoint == "":
		found, err := google.FindDefaultCredentials(forTokens, scope)
		if err != nil {
			return nil, fmt.Errorf("gcs: want a Key or application default credentials: %w", err)
		}
		o.identity = &identity{source: found.TokenSource}
	}
	return o, nil
}

// parseEndpoint reads the URL of a service, with or without the path of its JSON protocol, which other clients want there.
func parseEndpoint(text string) (url.URL, error) {
	if text == "" {
		text = DefaultEndpoint
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return url.URL{}, errors.New("want http:// or https:// and a host, such as https://storage.example.com")
	}
	path := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/storage/v1")
	return url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}

// Open returns the bucket of a name.
func (o *Opener) Open(name string) (bucket.Bucket, error) {
	if err := bucket.CheckName("gcs.open", name); err != nil {
		return nil, err
	}
	return &store{opener: o, name: name}, nil
}

// Close gives up the idle connections.
func (o *Opener) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}

// store is a bucket.
type store struct {
	opener *Opener
	name   string
}

var _ bucket.Bucket = (*store)(nil)

// subject is what errors call an object.
func (b *store) subject(key string) string { return "gs://" + b.name + "/" + key }
