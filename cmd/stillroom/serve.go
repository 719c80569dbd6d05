package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/http1"
	"github.com/stillroom/stillroom/internal/telemetry"
)

// serve runs the server until it is told to stop. It is the default command.
func serve(args, environ []string, stdout, stderr io.Writer) int {
	c, report, err := config.Load(config.Options{Args: args, Environ: environ})
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	log, err := telemetry.NewLogger(stderr, c.Log.Format, c.Log.Level)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	for _, w := range report.Warnings {
		log.Warn(w)
	}
	tuneMemory(c, os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, log); err != nil {
		log.Error("stillroom stops", "error", err)
		return exitFailed
	}
	return exitDone
}

// run serves until ctx ends, then drains.
func run(ctx context.Context, c *config.Config, log *slog.Logger) error {
	server, err := stillroom.New(c, version, log)
	if err != nil {
		return err
	}
	defer closing(server, log)

	public, err := listen(ctx, c.Server)
	if err != nil {
		return err
	}
	front := http1.New(frontServer(c.Server, server, log))
	failed := make(chan error, 2)
	go func() { failed <- front.Serve(public) }()
	log.Info("stillroom serves", "address", public.Addr().String(), "version", version)

	back, err := serveAdmin(ctx, c.Admin.Bind, server.Admin(), log, failed)
	if err != nil {
		return errors.Join(err, front.Close())
	}
	select {
	case err := <-failed:
		return errors.Join(err, front.Close(), back.Close())
	case <-ctx.Done():
	}
	return drain(c.Server.GracefulStopTimeout, server, front, back, log)
}

func closing(server *stillroom.Server, log *slog.Logger) {
	if err := server.Close(); err != nil {
		log.Error("close", "error", err)
	}
}

// frontServer is the public HTTP server. Its write timeout counts from the end of the request's header, so it covers making
// the answer and sending it.
func frontServer(c config.Server, h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: c.ReadRequestTimeout,
		ReadTimeout:       c.ReadRequestTimeout,
		WriteTimeout:      c.Timeout + c.WriteResponseTimeout,
		IdleTimeout:       c.KeepAliveTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	s.SetKeepAlivesEnabled(c.KeepAliveTimeout > 0)
	return s
}

// serveAdmin starts the admin listener, if there is one.
func serveAdmin(ctx context.Context, bind string, h http.Handler, log *slog.Logger, failed chan<- error) (*http.Server, error) {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	if bind == "" {
		return s, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", bind)
	if err != nil {
		return nil, fmt.Errorf("STILLROOM_ADMIN_BIND: %w", err)
	}
	go func() { failed <- s.Serve(l) }()
	log.Info("stillroom admin", "address", l.Addr().String())
	return s, nil
}

// drain lets running requests finish. The listener stays open until they have, so that health checks see that the server
// is leaving; then everything closes. What is not finished in time is cut off.
func drain(grace time.Duration, server *stillroom.Server, front *http1.Server, back *http.Server, log *slog.Logger) error {
	server.Drain()
	front.SetKeepAlivesEnabled(false)
	log.Info("stillroom drains", "requests", server.Busy(), "grace", grace.String())
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for server.Busy() > 0 && ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	err := front.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("requests were cut off: they did not finish in time", "requests", server.Busy())
		err = front.Close()
	}
	err = errors.Join(err, back.Close())
	log.Info("stillroom stopped")
	return err
}
