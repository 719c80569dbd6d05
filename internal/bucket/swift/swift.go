// Package swift opens containers of OpenStack Swift.
package swift

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/ncw/swift/v2"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// Config says whose containers are opened, and as whom.
type Config struct {
	UserName    string
	APIKey      string // or password
	AuthURL     string // where one logs in
	AuthVersion int    // 1, 2 or 3; 0 = as AuthURL looks
	Tenant      string // or project; empty = none
	Domain      string // of the user, with version 3; empty = none

	// Timeout is how long a body may stand still; 0 = DefaultTimeout.
	Timeout time.Duration

	remote.Config
}

// DefaultTimeout is what a Timeout of 0 stands for.
const DefaultTimeout = time.Minute

// Opener opens containers of one account.
type Opener struct {
	connection *swift.Connection
	session    *session
	transport  *http.Transport
	attempts   int
	page       int // objects per listing
}

var _ bucket.Opener = (*Opener)(nil)

// New returns an Opener. It logs in when it is first needed, and again when the service has forgotten.
func New(c Config) (*Opener, error) {
	bounds, err := c.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("swift: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	transport := remote.NewTransport(bounds)
	connection := &swift.Connection{
		UserName: c.UserName, ApiKey: c.APIKey, AuthUrl: c.AuthURL, AuthVersion: c.AuthVersion, Tenant: c.Tenant, Domain: c.Domain,
		ConnectTimeout: bounds.AnswerTimeout, Timeout: c.Timeout, Transport: remote.NewGuard(transport, isObject),
		UserAgent: "Stillroom",
		Retries:   -1, // that is up to us
	}
	return &Opener{
		connection: connection, transport: transport, attempts: bounds.Attempts, page: 1000,
		session: &session{connection: connection, patience: 2 * bounds.AnswerTimeout}, // the library asks twice
	}, nil
}

// isObject reports whether a request is one for an object: those that log in have no token, and those for listings a query.
func isObject(request *http.Request) bool {
	return request.Method == http.MethodGet && request.Header.Get("X-Auth-Token") != "" && request.URL.RawQuery == ""
}

// check names what is wrong in c, and no secret.
func (c Config) check() error {
	var wrong []error
	if c.UserName == "" {
		wrong = append(wrong, errors.New("swift: UserName: want one"))
	}
	if c.APIKey == "" {
		wrong = append(wrong, errors.New("swift: APIKey: want one"))
	}
	if u, err := url.Parse(c.AuthURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		wrong = append(wrong, errors.New("swift: AuthURL: want http:// or https:// and a host, such as https://auth.example.com/v3"))
	}
	if c.AuthVersion < 0 || c.AuthVersion > 3 {
		wrong = append(wrong, fmt.Errorf("swift: AuthVersion: want 0 to 3, got %d", c.AuthVersion))
	}
	if c.Timeout < 0 {
		wrong = append(wrong, fmt.Errorf("swift: Timeout: want 0 or more, got %v", c.Timeout))
	}
	return errors.Join(wrong...)
}

// Open returns the container of a name.
func (o *Opener) Open(name string) (bucket.Bucket, error) {
	if err := bucket.CheckName("swift.open", name); err != nil {
		return nil, err
	}
	return &store{opener: o, name: name}, nil
}

// Close gives up the idle connections.
func (o *Opener) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}

// store is a container.
type store struct {
	opener *Opener
	name   string
}

var _ bucket.Bucket = (*store)(nil)

// subject is what errors call an object.
func (b *store) subject(key string) string { return "swift://" + b.name + "/" + key }
