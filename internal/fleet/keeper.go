package fleet

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/valkey-io/valkey-go"
)

// A server that is away is tried again after firstRetry, then after twice as long, up to lastRetry.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// probeScript asks for what the calls ask for: a server that is alive but takes no writes, as a replica is or one whose
// memory is full, is as good as none.
const probeScript = `redis.call('SET', KEYS[1], '1', 'PX', '1000') return 1`

// keepConnected closes the circuit whenever the server answers in time, until the client is closed.
func (f *Client) keepConnected() {
	defer f.disconnect()
	script := newScript(probeScript)
	pause := firstRetry
	for said := false; f.ctx.Err() == nil; {
		if err := f.probe(script); err != nil {
			// Dropped, because the name may stand for another server by now.
			f.disconnect()
			if !said && f.ctx.Err() == nil {
				f.log.Warn("valkey does not answer: going on without it", "error", f.redacted(err))
				said = true
			}
			pause = f.rest(pause, nil)
			continue
		}
		f.log.Info("valkey answers")
		f.circuit.close()
		began := time.Now()
		select {
		case <-f.circuit.whenOpen():
			f.log.Warn("valkey failed too often: going on without it", "error", f.redacted(f.circuit.lastFailure()))
			said = true
		case <-f.ctx.Done():
			return
		}
		// One that fails at once whenever it is asked again is asked ever less often.
		if time.Since(began) > lastRetry {
			pause = firstRetry
		}
		pause = f.rest(pause, nil)
	}
}

// rest pauses for about a time, so that the nodes of a fleet do not come back all at once, and returns the next one. It
// ends early when enough closes; nil = it never does.
func (f *Client) rest(pause time.Duration, enough <-chan struct{}) (next time.Duration) {
	timer := time.NewTimer(pause/2 + rand.N(pause))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-enough:
	case <-f.ctx.Done():
	}
	return min(2*pause, lastRetry)
}

// probe connects if need be and says whether the server answers in the time of a call.
func (f *Client) probe(script *valkey.Lua) error {
	ask := func(ctx context.Context, server valkey.Client) valkey.ValkeyResult {
		return script.Exec(ctx, server, []string{f.prefix + "probe"}, nil)
	}
	at := f.server.Load()
	if at == nil {
		made, err := valkey.NewClient(f.option)
		if made != nil {
			at = &link{made, make(chan struct{})}
			f.server.Store(at)
		}
		if err != nil {
			return err
		}
	}
	// Twice, because the first may have had to make the connection anew or to bring the script.
	if _, err := f.exchange(f.ctx, f.option.Dialer.Timeout, at.Client, ask); err != nil {
		return err
	}
	_, err := f.exchange(f.ctx, f.callTimeout, at.Client, ask)
	return err
}

// disconnect closes the connection, in the background where it can: a peer that is silent has a second to reply.
func (f *Client) disconnect() {
	at := f.server.Swap(nil)
	if at == nil {
		return
	}
	close(at.dropped)
	f.inBackground(at.Close)
}

// inBackground does what may take a while, unless the client is being closed and nobody would wait for it.
func (f *Client) inBackground(task func()) {
	if !f.spawn(task) {
		task()
	}
}
