package buckettest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// Memory is an Opener of buckets in memory, which keep every version of their objects: for the tests of whoever uses a
// bucket. It passes the suite.
type Memory struct {
	mu      sync.Mutex
	buckets map[string]*memoryBucket
}

// NewMemory returns a Memory that has the named buckets.
func NewMemory(names ...string) *Memory {
	m := &Memory{buckets: map[string]*memoryBucket{}}
	for _, name := range names {
		m.buckets[name] = &memoryBucket{objects: map[string][]stored{}}
	}
	return m
}

// Open returns the bucket of a name. One that was not made is absent.
func (m *Memory) Open(name string) (bucket.Bucket, error) {
	if err := bucket.CheckName("memory.open", name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.buckets[name]; ok {
		return b, nil
	}
	return &memoryBucket{}, nil
}

// memoryBucket is absent where objects is nil.
type memoryBucket struct {
	mu      sync.Mutex
	objects map[string][]stored // versions by key, the last one is the latest
	count   int                 // versions made
}

// stored is a version; one without a body marks a deletion.
type stored struct {
	body []byte
	info bucket.Info
}

func (b *memoryBucket) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	if err := bucket.CheckGet("memory.get", key, options); err != nil {
		return nil, err
	}
	s, err := b.find(ctx, "memory.get", key, options.Version)
	if err != nil {
		return nil, err
	}
	since := options.IfModifiedSince
	if options.IfNoneMatch == s.info.ETag ||
		options.IfNoneMatch == "" && !since.IsZero() && !s.info.LastModified.After(since) {
		return &bucket.Object{Info: s.info}, bucket.Answered("memory.get", key, 304, "", false)
	}
	size := int64(len(s.body))
	first, last := options.Range.Offset, size
	if length := options.Range.Length; length > 0 && length < size-first {
		last = first + length
	}
	if first > 0 && first >= size {
		return nil, bucket.Answered("memory.get", key, 416, "", false)
	}
	return &bucket.Object{Info: s.info, Body: &memoryBody{ctx, bytes.NewReader(s.body[first:last])}}, nil
}

func (b *memoryBucket) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	s, err := b.find(ctx, "memory.stat", key, version)
	return s.info, err
}

func (b *memoryBucket) find(ctx context.Context, op, key, version string) (stored, error) {
	if err := bucket.CheckKey(op, key); err != nil {
		return stored{}, err
	}
	if err := b.lock(ctx, op); err != nil {
		return stored{}, err
	}
	defer b.mu.Unlock()
	for _, s := range slices.Backward(b.objects[key]) {
		if s.body != nil && (version == "" || version == s.info.Version) {
			return s, nil
		}
		if version == "" {
			break
		}
	}
	return stored{}, bucket.Answered(op, key, 404, "", false)
}

func (b *memoryBucket) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	if err := bucket.CheckPut("memory.put", key, body, size, options); err != nil {
		return bucket.Info{}, err
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return bucket.Info{}, fault.Wrap(fault.Internal, "memory.put", err)
	}
	if err := b.lock(ctx, "memory.put"); err != nil {
		return bucket.Info{}, err
	}
	defer b.mu.Unlock()
	versions := b.objects[key]
	if options.IfAbsent && len(versions) > 0 && versions[len(versions)-1].body != nil {
		return bucket.Info{}, bucket.Answered("memory.put", key, 412, "", true)
	}
	b.count++
	info := bucket.Info{
		Size: size, ETag: fmt.Sprintf("%q", strconv.Itoa(b.count)), Version: strconv.Itoa(b.count),
		LastModified: time.Now().UTC().Truncate(time.Second),
		ContentType:  options.ContentType, CacheControl: options.CacheControl,
		Metadata: maps.Clone(options.Metadata),
	}
	b.objects[key] = append(versions, stored{append([]byte{}, data...), info})
	return info, nil
}

func (b *memoryBucket) Delete(ctx context.Context, key string) error {
	if err := bucket.CheckKey("memory.delete", key); err != nil {
		return err
	}
	if err := b.lock(ctx, "memory.delete"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	if versions := b.objects[key]; len(versions) > 0 {
		b.objects[key] = append(versions, stored{})
	}
	return nil
}

func (b *memoryBucket) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	if err := b.lock(ctx, "memory.list"); err != nil {
		return err
	}
	found := map[string]bucket.Info{}
	for key, versions := range b.objects {
		if s := versions[len(versions)-1]; s.body != nil && strings.HasPrefix(key, prefix) && key > after {
			found[key] = s.info
		}
	}
	b.mu.Unlock()
	for i, key := range slices.Sorted(maps.Keys(found)) {
		if limit > 0 && i == limit || !visit(key, found[key]) {
			break
		}
	}
	return nil
}

// lock locks a bucket that is there, for a caller who still waits.
func (b *memoryBucket) lock(ctx context.Context, op string) error {
	if ctx.Err() != nil {
		return fault.Wrap(fault.KindOf(ctx.Err()), op, context.Cause(ctx))
	}
	if b.objects == nil {
		return bucket.Answered(op, "the bucket", 404, "NoSuchBucket", false)
	}
	b.mu.Lock()
	return nil
}

type memoryBody struct {
	ctx context.Context
	in  *bytes.Reader // nil = closed
}

func (b *memoryBody) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, fault.Wrap(fault.KindOf(b.ctx.Err()), "memory.read", context.Cause(b.ctx))
	}
	if b.in == nil {
		return 0, fault.New(fault.Canceled, "memory.read", "the body is closed")
	}
	return b.in.Read(p)
}

func (b *memoryBody) Close() error {
	b.in = nil
	return nil
}
