// Package azure opens containers of Azure Blob Storage.
package azure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// Config says whose containers are opened, and as whom.
type Config struct {
	Name     string // of the storage account
	Key      string // of the storage account, base64; empty = service principal, workload or managed identity, as the environment has it
	Endpoint string // URL of the account; empty = https://NAME.blob.core.windows.net

	remote.Config
}

// Opener opens containers of one storage account.
type Opener struct {
	client    *service.Client
	transport *http.Transport
	identity  *identity // nil = there is a key
	page      int       // blobs per listing
}

var _ bucket.Opener = (*Opener)(nil)

// New returns an Opener. It asks no service; an identity is looked for when it is needed.
func New(c Config) (*Opener, error) {
	bounds, err := c.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("azure: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	endpoint := c.Endpoint
	if endpoint == "" {
		endpoint = "https://" + c.Name + ".blob.core.windows.net"
	}
	transport := remote.NewTransport(bounds)
	o := &Opener{transport: transport, page: 5000}
	client := &http.Client{Transport: remote.NewGuard(transport, isObject)}
	options := policy.ClientOptions{Transport: client, Retry: retries(bounds.Attempts)}
	if c.Key != "" {
		o.client, err = withKey(c, endpoint, options)
	} else if o.identity, err = newIdentity(transport, options.Retry); err == nil {
		o.client, err = service.NewClient(endpoint, o.identity, &service.ClientOptions{ClientOptions: options})
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// isObject reports whether a request is one for an object: those for listings say so.
func isObject(request *http.Request) bool {
	return request.Method == http.MethodGet && !request.URL.Query().Has("comp")
}

// check names what is wrong in c, and no secret.
func (c Config) check() error {
	if c.Name == "" && (c.Endpoint == "" || c.Key != "") {
		return errors.New("azure: Name: want that of a storage account")
	}
	if _, err := base64.StdEncoding.DecodeString(c.Key); err != nil {
		return errors.New("azure: Key: want base64") // not err: it quotes the key
	}
	if c.Endpoint == "" {
		if !named(c.Name) {
			return errors.New("azure: Name: want that of a storage account, of a-z, 0-9 and hyphens, or an Endpoint")
		}
		return nil
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("azure: Endpoint: want http:// or https:// and a host without a query, such as https://account.blob.example.com")
	}
	return nil
}

// retries bounds the SDK's own; it takes 0 for its default, and less for none.
func retries(attempts int) policy.RetryOptions {
	more := int32(attempts - 1)
	if more <= 0 {
		more = -1
	}
	return policy.RetryOptions{MaxRetries: more, RetryDelay: remote.FirstPause, MaxRetryDelay: remote.LongestPause}
}

func withKey(c Config, endpoint string, options policy.ClientOptions) (*service.Client, error) {
	credential, err := service.NewSharedKeyCredential(c.Name, c.Key)
	if err != nil {
		return nil, errors.New("azure: Key: want that of a storage account") // not err: it may quote the key
	}
	return service.NewClientWithSharedKeyCredential(endpoint, credential, &service.ClientOptions{ClientOptions: options})
}

// Open returns the container of a name. The SDK puts that into URLs as it is, so that "%61bc", "abc?" and "abc" would be one
// container, whichever of them was denied; so names are what the service allows, $root and its like among them.
func (o *Opener) Open(name string) (bucket.Bucket, error) {
	if err := bucket.CheckName("azure.open", name); err != nil {
		return nil, err
	}
	if !named(strings.TrimPrefix(name, "$")) {
		return nil, fault.New(fault.SourceDenied, "azure.open", "container: want a name of a-z, 0-9 and hyphens, got %q", name)
	}
	return &store{opener: o, name: name, client: o.client.NewContainerClient(name)}, nil
}

// named reports whether the service has such names, of accounts and containers.
func named(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Close gives up the idle connections.
func (o *Opener) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}
