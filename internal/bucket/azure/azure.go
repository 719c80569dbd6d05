// Package azure opens containers of Azure Blob Storage.
package azure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
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
	page      int32 // blobs per listing; 0 = as many as the service likes
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
	options := policy.ClientOptions{
		Transport: &http.Client{
			Transport: transport,
			// A redirect would take what says who we are along to wherever it leads.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Retry: retries(bounds.Attempts),
	}
	client, err := connect(c, endpoint, options)
	if err != nil {
		return nil, err
	}
	return &Opener{client: client, transport: transport}, nil
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

func connect(c Config, endpoint string, options policy.ClientOptions) (*service.Client, error) {
	if c.Key != "" {
		credential, err := service.NewSharedKeyCredential(c.Name, c.Key)
		if err != nil {
			return nil, errors.New("azure: Key: want that of a storage account") // not err: it may quote the key
		}
		return service.NewClientWithSharedKeyCredential(endpoint, credential, &service.ClientOptions{ClientOptions: options})
	}
	identity, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options})
	if err != nil {
		return nil, fmt.Errorf("azure: want a Key or an identity in the environment: %w", err)
	}
	return service.NewClient(endpoint, identity, &service.ClientOptions{ClientOptions: options})
}

// Open returns the container of a name.
func (o *Opener) Open(name string) (bucket.Bucket, error) {
	if err := bucket.CheckName("azure.open", name); err != nil {
		return nil, err
	}
	return &store{opener: o, name: name, client: o.client.NewContainerClient(name)}, nil
}

// Close gives up the idle connections.
func (o *Opener) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}
