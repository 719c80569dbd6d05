// Package stillroom is an image server to mount in another Go program: it makes renditions of images on
// request, keeps what it made, and serves it with HTTP caching done right.
//
// New returns an http.Handler. The handler reads the request target as it stood in the request line, so mount it
// under a path with Config.Server.PathPrefix, not with http.StripPrefix: a signature is made for
// the path as it was sent.
package stillroom

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/cache/memory"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/render"
	"github.com/stillroom/stillroom/internal/serve"
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
	renderer, err := s.renderer(c, version, metrics, log)
	if err != nil {
		return err
	}
	s.public = serve.New(serve.Config{
		Mounts:      door.mounts,
		Admission:   door.admission,
		Planner:     newPlanner(c),
		Renderer:    renderer,
		Deliverer:   newDeliverer(c),
		PathPrefix:  c.Server.PathPrefix,
		Secret:      c.Access.Secret,
		HealthPath:  c.Server.HealthCheckPath,
		NegativeTTL: c.Freshness.NegativeTTL,
		Development: c.Delivery.DevelopmentErrors,
		KeyCookies:  len(c.Cache.KeyCookies) > 0,
		Observer:    metrics,
		Log:         log,
	})
	s.admin = admin.New(admin.Config{Token: c.Admin.Token, Ready: s.ready, Metrics: metrics.Handler()})
	return nil
}

// renderer builds steps 4 to 8: the store, the sources, the engine behind its queue.
func (s *Server) renderer(c *Config, version string, metrics *telemetry.Metrics, log *slog.Logger) (*render.Renderer, error) {
	engine, err := newEngine(c)
	if err != nil {
		return nil, err
	}
	limiter := transform.NewLimiter(metrics.Processor(engine), transform.Config{
		Workers: workers(c), Queue: c.Server.QueueSize, Timeout: c.Server.Timeout,
	})
	observe(metrics, engine, limiter)
	results, err := s.tier(c.Cache.Type, int64(c.Cache.MemorySize))
	if err != nil {
		return nil, err
	}
	sources, err := s.sources(c, version, metrics)
	if err != nil {
		return nil, err
	}
	return render.New(render.Config{
		Store:     metrics.Store(results, c.Cache.Type),
		Again:     results,
		Sources:   sources,
		Processor: limiter,
		Policy:    policy(c),
		Timeout:   c.Server.Timeout,
		Salt:      c.Delivery.ETagBuster,
		Failed: func(what string, key cache.Key, err error) {
			log.Warn("cache", "what", what, "key", key.String()[:12], "error", err)
		},
	}), nil
}

func (s *Server) ready() error {
	if s.public.Draining() {
		return errors.New("draining")
	}
	return nil
}

// tier returns the store that keeps results.
func (s *Server) tier(kind string, size int64) (cache.Store, error) {
	switch kind {
	case "none":
		return cache.None{}, nil
	case "memory":
		return s.memory(size)
	}
	return nil, fmt.Errorf("the cache type %q is not built in", kind)
}

func (s *Server) memory(size int64) (cache.Store, error) {
	store, err := memory.New(memory.Config{Size: size})
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, store)
	return store, nil
}

// policy is the operator's word on lifetimes. An entry that is no longer served is kept for as long again as the longest
// stale time, for a conditional fetch.
func policy(c *Config) cache.Policy {
	f := c.Freshness
	return cache.Policy{
		TTL: f.TTL, MinTTL: f.MinTTL, MaxTTL: f.MaxTTL,
		Revalidate: f.StaleWhileRevalidate, IfError: f.StaleIfError,
		Keep: max(f.StaleWhileRevalidate, f.StaleIfError, time.Minute),
	}
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
