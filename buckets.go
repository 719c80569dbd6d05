package stillroom

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/azure"
	"github.com/stillroom/stillroom/internal/bucket/gcs"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/bucket/swift"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/source/object"
)

// switches are the schemes of sources that can be off, and what turns them on.
func switches() map[string]string {
	return map[string]string{
		"local": "STILLROOM_LOCAL_FILESYSTEM_ROOT",
		"s3":    "STILLROOM_USE_S3",
		"gs":    "STILLROOM_USE_GCS",
		"abs":   "STILLROOM_USE_ABS",
		"swift": "STILLROOM_USE_SWIFT",
	}
}

// opener is a bucket.Opener that holds connections.
type opener interface {
	bucket.Opener
	io.Closer
}

// objects adds the sources in object storage to those by scheme.
func (b *builder) objects(schemes map[string]source.Source) error {
	o := b.c.Objects
	bounds := remote.Config{
		AnswerTimeout: b.c.Sources.DownloadTimeout,
		IdleTimeout:   max(b.c.Sources.ClientKeepAliveTimeout, time.Nanosecond), // 0 would be the default there
	}
	for _, kind := range []struct {
		scheme          string
		on              bool
		open            func() (opener, error)
		allowed, denied config.List
	}{
		{"s3", o.UseS3, func() (opener, error) {
			return openS3(o.S3, s3.Config{Decrypt: o.S3.UseDecryptionClient, AccessPoints: o.S3AccessPoints.ByBucket(), Config: bounds})
		}, o.S3Allowed, o.S3Denied},
		{"gs", o.UseGCS, func() (opener, error) { return openGCS(o.GCS, true, bounds) }, o.GCSAllowed, o.GCSDenied},
		{"abs", o.UseABS, func() (opener, error) { return openABS(o.ABS, bounds) }, o.ABSAllowed, o.ABSDenied},
		{"swift", o.UseSwift, func() (opener, error) { return openSwift(o.Swift, bounds) }, o.SwiftAllowed, o.SwiftDenied},
	} {
		if !kind.on {
			continue
		}
		opened, err := kind.open()
		if err != nil {
			return fmt.Errorf("%s: %w", switches()[kind.scheme], err)
		}
		b.closers = append(b.closers, opened)
		allowed, err := bucket.Restricted(b.metrics.Opener(opened, "source"), bucket.Access{Allowed: kind.allowed, Denied: kind.denied})
		if err != nil {
			return fmt.Errorf("%s: %w", switches()[kind.scheme], err)
		}
		schemes[kind.scheme], err = object.New(allowed, object.Config{
			Timeout: b.c.Sources.DownloadTimeout, MaxSize: int64(b.c.Limits.SourceBytes),
			QuerySeparator: o.QuerySeparator, NoVersions: o.QuerySeparator == "",
		})
		if err != nil {
			return fmt.Errorf("%s: %w", switches()[kind.scheme], err)
		}
	}
	return nil
}

// openS3 opens an account as use says.
func openS3(c config.S3, use s3.Config) (*s3.Opener, error) {
	use.Region, use.Endpoint, use.VirtualHosts = c.Region, c.Endpoint.String(), !c.PathStyle
	use.AccessKeyID, use.SecretAccessKey, use.SessionToken = c.AccessKeyID, c.SecretAccessKey, c.SessionToken
	use.AssumeRoleARN, use.AssumeRoleExternalID = c.AssumeRoleARN, c.AssumeRoleExternalID
	return s3.New(context.Background(), use)
}

func openGCS(c config.GCS, readOnly bool, bounds remote.Config) (*gcs.Opener, error) {
	return gcs.New(context.Background(), gcs.Config{Key: c.Key, Endpoint: c.Endpoint.String(), ReadOnly: readOnly, Config: bounds})
}

func openABS(c config.ABS, bounds remote.Config) (*azure.Opener, error) {
	return azure.New(azure.Config{Name: c.Name, Key: c.Key, Endpoint: c.Endpoint.String(), Config: bounds})
}

func openSwift(c config.Swift, bounds remote.Config) (*swift.Opener, error) {
	bounds.ConnectTimeout = c.ConnectTimeout
	return swift.New(swift.Config{
		UserName: c.UserName, APIKey: c.APIKey, AuthURL: c.AuthURL.String(), AuthVersion: c.AuthVersion,
		Tenant: c.Tenant, Domain: c.Domain, Timeout: c.Timeout, Config: bounds,
	})
}
