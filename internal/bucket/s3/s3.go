// Package s3 opens buckets of Amazon S3 and of what speaks its protocol.
package s3

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

// Config says whose buckets are opened, and as whom. The zero value is Amazon's, as whoever the environment names:
// variables, shared files, web identity, container or instance.
type Config struct {
	Region       string // empty = that of the environment, else DefaultRegion
	Endpoint     string // URL of another service; empty = Amazon's
	VirtualHosts bool   // with Endpoint: buckets are host names and not the first element of the path

	AccessKeyID     string // empty = the environment names who we are
	SecretAccessKey string
	SessionToken    string

	AssumeRoleARN        string // a role to take on; empty = none
	AssumeRoleExternalID string // what its owner asks for beside; empty = nothing

	// AccessPoints are ARNs by the names of the buckets that they stand for.
	AccessPoints map[string]string

	// Decrypt opens objects that an Amazon S3 Encryption Client has encrypted with a data key of KMS, and no others.
	Decrypt bool
	// KMSKeyID is the key of KMS, by its ID, ARN or alias, with which Put encrypts as such a client does; it goes without saying that
	// Decrypt is on. Empty = objects are stored as they are.
	KMSKeyID string

	remote.Config
}

// DefaultRegion is where buckets are looked for first when nobody says where they are.
const DefaultRegion = "us-west-1"

// Opener opens buckets of one account. Where a bucket turns out to be in another region, that is learnt.
type Opener struct {
	client       *s3.Client
	keys         *keys // nil = objects are as they are stored
	accessPoints map[string]string
	close        func()
	page         int // objects per listing

	mu      sync.Mutex
	regions map[string]string // of buckets that are elsewhere
}

var _ bucket.Opener = (*Opener)(nil)

// New returns an Opener. It asks no service; credentials are looked for when they are needed.
func New(ctx context.Context, c Config) (*Opener, error) {
	bounds, err := c.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	client := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { *d = *bounds.Dialer() }).
		WithTransportOptions(bounds.Tune)
	settings, err := config.LoadDefaultConfig(ctx, c.options(client, bounds)...)
	if err != nil {
		return nil, fmt.Errorf("s3: the environment: %w", err)
	}
	if settings.Region == "" {
		settings.Region = DefaultRegion
	}
	if c.AssumeRoleARN != "" {
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(settings), c.AssumeRoleARN, func(o *stscreds.AssumeRoleOptions) {
			if c.AssumeRoleExternalID != "" {
				o.ExternalID = aws.String(c.AssumeRoleExternalID)
			}
		})
		settings.Credentials = aws.NewCredentialsCache(role)
	}
	// Only now: loading adds the certificate authorities of the environment.
	built, ok := settings.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		return nil, fmt.Errorf("s3: the environment: want its client to be a %T, got %T", built, settings.HTTPClient)
	}
	guard := remote.NewGuard(built.GetTransport(), isObject)
	settings.HTTPClient = &http.Client{Transport: guard}
	o := &Opener{accessPoints: maps.Clone(c.AccessPoints), close: guard.CloseIdleConnections, page: 1000, regions: map[string]string{}}
	o.client = s3.NewFromConfig(settings, c.service)
	o.keys = c.newKeys(settings)
	return o, nil
}

// isObject reports whether a request is one for an object. KMS and STS are asked with the same client, and by POST.
func isObject(r *http.Request) bool {
	list := strings.Contains("&"+r.URL.RawQuery, "&list-type=")
	return !list && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// check names what is wrong in c, and no secret.
func (c Config) check() error {
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return errors.New("s3: AccessKeyID and SecretAccessKey: want both or neither")
	}
	if c.Endpoint == "" {
		return nil
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return errors.New("s3: Endpoint: want http:// or https:// and a host, such as https://storage.example.com")
	}
	return nil
}

func (c Config) options(client *awshttp.BuildableClient, bounds remote.Config) []func(*config.LoadOptions) error {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = bounds.Attempts
				o.MaxBackoff = remote.LongestPause
				o.Backoff = retry.BackoffDelayerFunc(pause)
				o.Retryables = append(o.Retryables,
					retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{429: {}}},
					// Two writers with IfAbsent have met: one of them is refused for good the next time.
					retry.RetryableErrorCode{Codes: map[string]struct{}{"ConditionalRequestConflict": {}}})
			})
		}),
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if c.AccessKeyID != "" {
		static := credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
		options = append(options, config.WithCredentialsProvider(static))
	}
	return options
}

func (c Config) service(o *s3.Options) {
	if c.Endpoint != "" {
		o.BaseEndpoint = aws.String(c.Endpoint)
		o.UsePathStyle = !c.VirtualHosts
	}
	// An ARN names its own region.
	o.UseARNRegion = true
	// Trailing checksums are Amazon's own; others refuse them or take them for a part of the body.
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.DisableLogOutputChecksumValidationSkipped = true
}

// Open returns the bucket of a name, or of the access point that stands for it.
func (o *Opener) Open(name string) (bucket.Bucket, error) {
	if err := bucket.CheckName("s3.open", name); err != nil {
		return nil, err
	}
	there := name
	if arn := o.accessPoints[name]; arn != "" {
		there = arn
	}
	return &store{opener: o, name: name, there: there}, nil
}

// Close gives up the idle connections.
func (o *Opener) Close() error {
	o.close()
	return nil
}
