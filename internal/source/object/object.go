// Package object opens sources in object storage: s3://bucket/key, gs://bucket/key, abs://container/key,
// swift://container/key, each with "?version" behind it where a version is meant.
package object

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// Config says how objects are fetched. The zero value is usable.
type Config struct {
	Timeout time.Duration // for a whole download, attempts and body; 0 = DefaultTimeout
	MaxSize int64         // bytes of a body, after decompression; 0 = no bound
	// QuerySeparator is what stands between a key and a version; empty = DefaultQuerySeparator. With another one, keys may
	// hold question marks.
	QuerySeparator string
	// NoVersions takes keys whole, whatever QuerySeparator is.
	NoVersions bool
}

// What a zero in Config stands for.
const (
	DefaultTimeout        = 10 * time.Second
	DefaultQuerySeparator = "?"
)

// Source opens objects of the buckets of one Opener. It is safe for concurrent use.
type Source struct {
	opener bucket.Opener
	config Config
}

var (
	_ source.Source = (*Source)(nil)
	_ source.Asker  = (*Source)(nil)
)

// New returns a Source over opener, for the references of one scheme. The error names each field of config that is wrong.
func New(opener bucket.Opener, config Config) (*Source, error) {
	var wrong []error
	if config.Timeout < 0 {
		wrong = append(wrong, fmt.Errorf("object: Timeout: want 0 or more, got %v", config.Timeout))
	}
	if config.MaxSize < 0 {
		wrong = append(wrong, fmt.Errorf("object: MaxSize: want 0 or more, got %d", config.MaxSize))
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.QuerySeparator == "" {
		config.QuerySeparator = DefaultQuerySeparator
	}
	return &Source{opener: opener, config: config}, errors.Join(wrong...)
}

// Open opens the object that ref names. The deadline of Config.Timeout covers the body too, until it is closed.
func (s *Source) Open(ctx context.Context, ref source.Ref, known source.Validators) (*source.Object, error) {
	x, at, err := s.begin(ctx, "object.open", ref)
	if err != nil {
		return nil, err
	}
	options := bucket.GetOptions{Version: at.version, IfNoneMatch: known.ETag}
	if known.ETag == "" {
		options.IfModifiedSince = known.LastModified
	}
	began := time.Now()
	object, err := at.bucket.Get(x.ctx, at.key, options)
	switch {
	case fault.Is(err, fault.NotModified) && known.IsZero():
		x.cancel()
		return nil, fault.New(fault.SourceFailed, x.op, "%s: the service says that it is unchanged, which nobody asked", x.subject)
	case fault.Is(err, fault.NotModified):
		err = fault.New(fault.NotModified, x.op, "%s is unchanged", x.subject)
		x.cancel()
		if object == nil {
			object = &bucket.Object{}
		}
		return &source.Object{Size: -1, Validators: renewed(object.Info, known), Freshness: freshness(object.Info, began), Began: began}, err
	case err != nil:
		err = x.failure(err)
		x.cancel()
		return nil, err
	}
	opened, err := s.describe(x, object, began)
	if err != nil {
		_ = object.Body.Close() // nothing was read
		x.cancel()
		return nil, err
	}
	return opened, nil
}

// describe tells what the service says about an object, and gives it a body with the bounds of s.
func (s *Source) describe(x *exchange, object *bucket.Object, began time.Time) (*source.Object, error) {
	info := object.Info
	if s.config.MaxSize > 0 && info.Size > s.config.MaxSize {
		return nil, fault.New(fault.TooLarge, x.op, "%s has %d bytes, more than %d", x.subject, info.Size, s.config.MaxSize)
	}
	zipped, err := coding(info.ContentEncoding)
	if err != nil {
		return nil, fault.New(fault.SourceFailed, x.op, "%s: %w", x.subject, err)
	}
	o := &source.Object{
		Size: info.Size, ContentType: info.ContentType, Began: began,
		Validators: validators(info), Freshness: freshness(info, began),
	}
	if zipped {
		o.Size = -1 // what is known is the size of the compressed one
	}
	o.Body = newBody(x, object.Body, zipped, s.config.MaxSize)
	return o, nil
}

// Ask asks for the validators of the object that ref names. With each hit, such a request would make the cache as slow, as dear
// and as likely to fail as the bucket, so this is no Stater.
func (s *Source) Ask(ctx context.Context, ref source.Ref) (source.Validators, error) {
	x, at, err := s.begin(ctx, "object.ask", ref)
	if err != nil {
		return source.Validators{}, err
	}
	defer x.cancel()
	info, err := at.bucket.Stat(x.ctx, at.key, at.version)
	if err != nil {
		return source.Validators{}, x.failure(err)
	}
	return validators(info), nil
}

// place is where an object is.
type place struct {
	bucket       bucket.Bucket
	key, version string
}

// begin starts an exchange with the bucket that ref names. Slashes between the bucket and the key count once, as
// imgproxy has it.
func (s *Source) begin(ctx context.Context, op string, ref source.Ref) (*exchange, place, error) {
	_, rest, _ := strings.Cut(ref.String(), "://")
	name, rest, _ := strings.Cut(rest, "/")
	key, version := strings.TrimLeft(rest, "/"), ""
	if !s.config.NoVersions {
		key, version, _ = strings.Cut(key, s.config.QuerySeparator)
	}
	if name == "" || key == "" || strings.ContainsAny(name, "@?") { // no bucket, but a password or a query, which errors would quote
		return nil, place{}, fault.New(fault.SourceMissing, op, "%s: want %s://bucket/key: %w", ref.Redacted(), ref.Scheme(), &source.StatusError{Status: 404})
	}
	b, err := s.opener.Open(name)
	if err != nil {
		return nil, place{}, fault.Wrap(fault.KindOf(err), op, err)
	}
	x := &exchange{caller: ctx, op: op, subject: ref.Redacted()}
	x.ctx, x.cancel = context.WithTimeoutCause(ctx, s.config.Timeout, errTimeout)
	return x, place{b, key, version}, nil
}

func validators(info bucket.Info) source.Validators {
	return source.Validators{ETag: info.ETag, LastModified: info.LastModified}
}

// renewed is what is known about an object that has not changed: what the service repeats, and the rest from before.
func renewed(info bucket.Info, known source.Validators) source.Validators {
	v := validators(info)
	if v.ETag == "" {
		v.ETag = known.ETag
	}
	if v.LastModified.IsZero() {
		v.LastModified = known.LastModified
	}
	return v
}

// freshness reads what the object's owner said about its reuse.
func freshness(info bucket.Info, began time.Time) source.Freshness {
	return source.ParseFreshness(func(name string) []string {
		switch {
		case name == "Cache-Control" && info.CacheControl != "":
			return []string{info.CacheControl}
		case name == "Expires" && !info.Expires.IsZero():
			return []string{info.Expires.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}
		}
		return nil
	}, began, time.Now())
}
