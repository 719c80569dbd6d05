package telemetry

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// bucketMetrics are of calls of object storage, which is paid by the call.
type bucketMetrics struct {
	calls   *prometheus.CounterVec
	calling *prometheus.HistogramVec
}

func newBucketMetrics(r *prometheus.Registry) bucketMetrics {
	return bucketMetrics{
		calls: counters(r, "stillroom_bucket_calls_total", "Calls of object storage by what it is used for and what came of them; a list counts once, whatever its length.",
			"use", "operation", "result"),
		calling: histograms(r, "stillroom_bucket_call_duration_seconds", "Time until object storage answered, its own retries included: of a get until the body begins, of a list until its end.",
			prometheus.ExponentialBuckets(0.001, 2, 15), "use", "operation"),
	}
}

// Bucket counts and times the calls of another bucket.
type Bucket struct {
	next bucket.Bucket
	m    *bucketMetrics
	use  string
}

var _ bucket.Bucket = (*Bucket)(nil)

// Bucket returns b, observed. use is what it is used for, in a word: "cache", "purges", "source".
func (m *Metrics) Bucket(b bucket.Bucket, use string) *Bucket { return &Bucket{b, &m.bucket, use} }

// count counts a call that began at a time.
func (b *Bucket) count(operation string, began time.Time, err error) {
	result := "ok"
	switch {
	case err == nil:
	case bucket.Absent(err):
		result = "absent"
	default:
		result = fault.KindOf(err).String()
	}
	b.m.calls.WithLabelValues(b.use, operation, result).Inc()
	b.m.calling.WithLabelValues(b.use, operation).Observe(time.Since(began).Seconds())
}

// Get implements bucket.Bucket.
func (b *Bucket) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	began := time.Now()
	object, err := b.next.Get(ctx, key, options)
	b.count("get", began, err)
	return object, err
}

// Put implements bucket.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	began := time.Now()
	info, err := b.next.Put(ctx, key, body, size, options)
	b.count("put", began, err)
	return info, err
}

// Stat implements bucket.Bucket.
func (b *Bucket) Stat(ctx context.Context, key, version string) (bucket.Info, error) {
	began := time.Now()
	info, err := b.next.Stat(ctx, key, version)
	b.count("stat", began, err)
	return info, err
}

// Delete implements bucket.Bucket.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	began := time.Now()
	err := b.next.Delete(ctx, key)
	b.count("delete", began, err)
	return err
}

// List implements bucket.Bucket.
func (b *Bucket) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	began := time.Now()
	err := b.next.List(ctx, prefix, after, limit, visit)
	b.count("list", began, err)
	return err
}

// Opener returns an opener of observed buckets.
func (m *Metrics) Opener(o bucket.Opener, use string) bucket.Opener {
	return &observedOpener{o, m, use}
}

type observedOpener struct {
	next bucket.Opener
	m    *Metrics
	use  string
}

// Open implements bucket.Opener.
func (o *observedOpener) Open(name string) (bucket.Bucket, error) {
	b, err := o.next.Open(name)
	if err != nil {
		return nil, err
	}
	return o.m.Bucket(b, o.use), nil
}
