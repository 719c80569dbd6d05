package bucket

import (
	"context"
	"io"
	"strings"
)

// Prefixed returns a Bucket of those objects of another one whose keys begin with prefix, under what follows it.
func Prefixed(inner Bucket, prefix string) Bucket {
	if prefix == "" {
		return inner
	}
	return &prefixed{inner, prefix}
}

type prefixed struct {
	inner  Bucket
	prefix string
}

var _ Bucket = (*prefixed)(nil)

func (p *prefixed) Get(ctx context.Context, key string, options GetOptions) (*Object, error) {
	if err := CheckKey("bucket.get", key); err != nil { // with the prefix it may look like one
		return nil, err
	}
	return p.inner.Get(ctx, p.prefix+key, options)
}

func (p *prefixed) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options PutOptions) (Info, error) {
	if err := CheckKey("bucket.put", key); err != nil {
		return Info{}, err
	}
	return p.inner.Put(ctx, p.prefix+key, body, size, options)
}

func (p *prefixed) Stat(ctx context.Context, key, version string) (Info, error) {
	if err := CheckKey("bucket.stat", key); err != nil {
		return Info{}, err
	}
	return p.inner.Stat(ctx, p.prefix+key, version)
}

func (p *prefixed) Delete(ctx context.Context, key string) error {
	if err := CheckKey("bucket.delete", key); err != nil {
		return err
	}
	return p.inner.Delete(ctx, p.prefix+key)
}

func (p *prefixed) List(ctx context.Context, prefix, after string, limit int, visit func(string, Info) bool) error {
	// Also where after is empty: the object whose key is the prefix itself has no key here.
	return p.inner.List(ctx, p.prefix+prefix, p.prefix+after, limit, func(key string, info Info) bool {
		return visit(strings.TrimPrefix(key, p.prefix), info)
	})
}
