package fleet

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/valkey-io/valkey-go"
)

// The channels. What goes through them is a hint that there is something to look at, never the thing itself: a
// message that is lost costs time only.
const (
	purgesChannel = "purges"
	leasesChannel = "leases"
)

// signals hands on what comes through the channels.
type signals struct {
	mu     sync.Mutex
	hear   map[string][]func(message string)
	resume []func()
}

// on registers who hears a channel's messages and who learns that messages may have been missed. Both are called by the
// goroutine that reads the connection and must not block.
func (s *signals) on(channel string, hear func(message string), resume func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hear == nil {
		s.hear = map[string][]func(string){}
	}
	s.hear[channel] = append(s.hear[channel], hear)
	s.resume = append(s.resume, resume)
}

func (s *signals) heard(channel, message string) {
	s.mu.Lock()
	hear := s.hear[channel]
	s.mu.Unlock()
	for _, h := range hear {
		h(message)
	}
}

func (s *signals) resumed() {
	s.mu.Lock()
	resume := s.resume
	s.mu.Unlock()
	for _, r := range resume {
		r()
	}
}

// listen subscribes to the channels, anew whenever the connection was lost, until the client is closed.
func (f *Client) listen() {
	var subscribed atomic.Bool
	ctx := valkey.WithOnSubscriptionHook(f.ctx, func(s valkey.PubSubSubscription) {
		if s.Kind == "subscribe" {
			subscribed.Store(true)
			f.signals.resumed()
		}
	})
	for pause := firstRetry; f.ctx.Err() == nil; {
		if !f.circuit.closed() {
			select {
			case <-f.circuit.whenClosed():
				pause = firstRetry // what failed before says nothing about a server that is back
			case <-f.ctx.Done():
				return
			}
		}
		var err error
		if at := f.server.Load(); at != nil {
			err = f.subscribe(ctx, at)
		}
		if f.ctx.Err() != nil {
			return
		}
		f.log.Debug("valkey: the subscription ended", "error", f.redacted(err))
		if subscribed.Swap(false) {
			pause = firstRetry
		}
		pause = f.rest(pause, f.circuit.whenOpen())
	}
}

// subscribe hands on what comes through the channels until the subscription ends. It has a connection of its own, which goes with
// it: the library makes the one that a client's subscriptions share anew only when the client's other connection is
// lost as well, so one that was lost alone, or fell silent, stayed lost (valkey-go 1.0.79, without RESP3).
func (f *Client) subscribe(ctx context.Context, at *link) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-at.dropped: // the name may stand for another server by now
		case <-ctx.Done():
		}
	}()
	own, release := at.Dedicate()
	defer f.inBackground(func() {
		own.Close()
		release()
	})
	return own.Receive(ctx, own.B().Subscribe().Channel(f.prefix+purgesChannel, f.prefix+leasesChannel).Build(),
		func(m valkey.PubSubMessage) {
			f.signals.heard(m.Channel[len(f.prefix):], m.Message)
		})
}
