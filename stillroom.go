// Package stillroom is an image server to mount in another Go program: it makes renditions of images on
// request, keeps what it made, and serves it with HTTP caching done right.
//
// New returns an http.Handler. The handler reads the request target as it stood in the request line, so mount it
// under a path with Config.Server.PathPrefix, not with http.StripPrefix: a signature is made for
// the path as it was sent.
package stillroom

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/render"
	"github.com/stillroom/stillroom/internal/serve"
	"github.com/stillroom/stillroom/internal/source/cached"
	"github.com/stillroom/stillroom/internal/telemetry"
	"github.com/stillroom/stillroom/internal/transform"
	"github.com/stillroom/stillroom/internal/vips"
)

// Config is everything the operator decides; see "stillroom config" for each value, its name and default.
type Config = config.Config

// Server is an image server. It is safe for concurrent use.
type Server struct {
	public  *serve.Handler
	admin   http.Handler
	closers []io.Closer
}

var _ http.Handler = (*Server)(nil)

// New returns a server. version is what it calls itself in metrics and towards sources; log may be nil. libvips is started
// once per process, so the engine's settings of the first server hold for all.
func New(c *Config, version string, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{}
	if err := s.assemble(c, version, log); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// ServeHTTP answers the public listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.public.ServeHTTP(w, r) }

// Admin answers the admin listener: health, readiness, metrics.
func (s *Server) Admin() http.Handler { return s.admin }

// Drain makes health and readiness checks fail, so that balancers send no more requests. Those that come all
// the same are answered.
func (s *Server) Drain() { s.public.Drain() }

// Busy returns how many requests on the public listener are being answered.
func (s *Server) Busy() int64 { return s.public.Busy() }

// Close ends background work. The server must not be used afterwards.
func (s *Server) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i].Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// assemble builds the parts from the engine outwards and joins them.
func (s *Server) assemble(c *Config, version string, log *slog.Logger) error {
	metrics := telemetry.NewMetrics(version)
	door, err := newDoor(c)
	if err != nil {
		return err
	}
	b := &builder{Server: s, c: c, metrics: metrics, log: log}
	kept, err := b.keep()
	if err != nil {
		return err
	}
	engine, err := b.engine()
	if err != nil {
		return err
	}
	sources, err := b.sources(kept, version)
	if err != nil {
		return err
	}
	s.public = serve.New(serve.Config{
		Mounts:      door.mounts,
		Admission:   door.admission,
		Planner:     newPlanner(c),
		Renderer:    b.renderer(kept, sources, engine),
		Deliverer:   newDeliverer(c),
		PathPrefix:  c.Server.PathPrefix,
		Secret:      c.Access.Secret,
		HealthPath:  c.Server.HealthCheckPath,
		NegativeTTL: c.Freshness.NegativeTTL,
		Development: c.Delivery.DevelopmentErrors,
		KeyCookies:  len(c.Cache.KeyCookies) > 0,
		AdminToken:  c.Admin.Token,
		Purge: func(group cache.Key, soft bool) (string, time.Time, error) {
			rule, err := kept.ledger.Add(purge.Rule{Selector: purge.URL, Value: group.String(), Soft: soft})
			return rule.ID, rule.At, err
		},
		Observer: metrics,
		Log:      log,
	})
	s.admin = admin.New(b.operate(kept, door, sources, engine, version))
	return nil
}

// engine starts libvips behind its queue.
func (b *builder) engine() (*transform.Limiter, error) {
	engine, err := newEngine(b.c)
	if err != nil {
		return nil, err
	}
	limiter := transform.NewLimiter(b.metrics.Processor(engine), transform.Config{
		Workers: workers(b.c), Queue: b.c.Server.QueueSize, Timeout: b.c.Server.Timeout,
	})
	observe(b.metrics, engine, limiter)
	return limiter, nil
}

// renderer joins what steps 4 to 8 need.
func (b *builder) renderer(k *keeping, sources *cached.Source, engine *transform.Limiter) *render.Renderer {
	c := render.Config{
		Store:        b.metrics.Store(k.results, k.names()...),
		Again:        k.results,
		Sources:      sources,
		Processor:    engine,
		Policy:       policy(b.c),
		Negatives:    k.negatives,
		Purges:       k.ledger,
		Timeout:      b.c.Server.Timeout,
		Salt:         b.c.Delivery.ETagBuster,
		Verify:       float64(b.c.Cache.Verify),
		ReportErrors: b.c.Cache.ReportErrors,
		Verified:     b.verified,
		Failed: func(what string, key cache.Key, err error) {
			b.metrics.Failed(what)
			b.log.Warn("cache", "what", what, "key", key.String()[:12], "error", err)
		},
	}
	if s := k.shared; s.objects != nil && s.leases != nil {
		// Without a bucket nobody would find what another node has made, and waiting for it would be in vain.
		c.Fleet, c.Settled = s.leases, s.objects.Settled
	}
	return render.New(c)
}

// verified reports a result that was made again. A difference is a bug of ours, so it is told loudly.
func (b *builder) verified(key cache.Key, same bool) {
	b.metrics.Verified(same)
	if !same {
		b.log.Error("a result that was made again has other bytes: its key lacks an ingredient, or the engine is not deterministic",
			"key", key.String())
	}
}

func (s *Server) ready() error {
	if s.public.Draining() {
		return errors.New("draining")
	}
	return nil
}

func observe(m *telemetry.Metrics, engine *vips.Engine, limiter *transform.Limiter) {
	m.Gauge("stillroom_workers", "Processing slots.", func() float64 { return float64(limiter.Load().Workers) })
	m.Gauge("stillroom_workers_busy", "Processing slots in use.", func() float64 { return float64(limiter.Load().Running) })
	m.Gauge("stillroom_queue_depth", "Fills that wait for a processing slot.", func() float64 { return float64(limiter.Load().Queued) })
	m.Gauge("stillroom_queue_size", "Fills that may wait.", func() float64 { return float64(limiter.Load().Queue) })
	m.Gauge("stillroom_vips_memory_bytes", "Pixels that libvips holds.", func() float64 { return float64(engine.Memory().Bytes) })
	m.Gauge("stillroom_vips_max_memory_bytes", "The most that libvips held at once.", func() float64 { return float64(engine.Memory().Peak) })
	m.Gauge("stillroom_vips_files", "Files that libvips has open.", func() float64 { return float64(engine.Memory().Files) })
}
