package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/stillroom/stillroom/internal/fault"
)

// desk is where leases are taken. An error says that nobody could be asked.
type desk interface {
	// Take takes a lease for a time unless somebody else holds it, who then learns that there is a waiter.
	Take(ctx context.Context, key, token string, ttl time.Duration) (bool, error)
	// Renew prolongs a lease, and takes it again if nobody holds it, as when the server was emptied. false = it is
	// somebody else's by now.
	Renew(ctx context.Context, key, token string, ttl time.Duration) (bool, error)
	// Give gives a lease back, if it is still the token's, and tells the waiters.
	Give(ctx context.Context, key, token string, o outcome) error
}

// outcome is what waiters are told of the work they waited for.
type outcome string

const (
	done   outcome = "done"   // it is stored, unless it must not be
	failed outcome = "failed" // it failed and would fail again; waiting for the next one to try only adds up
	handed outcome = "handed" // it was given up: somebody else is to do it
)

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return done
	case errors.Is(err, context.Canceled), fault.Is(err, fault.Canceled):
		return handed
	}
	return failed
}

func newToken() string { return rand.Text() }

// takeScript leaves a mark when the lease is somebody else's, so that a release nobody waits for is told to nobody.
const takeScript = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 0`

const renewScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

const giveScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return 1`

// server is a desk at a Valkey server.
type server struct {
	client            *Client
	take, renew, give *valkey.Lua
}

func newScript(text string) *valkey.Lua { return valkey.NewLuaScript(text) }

// names returns the keys of a lease and of the mark of its waiters. The braces keep both on one node of a cluster.
func (s *server) names(key string) []string {
	lease := s.client.prefix + "lease:{" + key + "}"
	return []string{lease, lease + ":waiters"}
}

func (s *server) run(ctx context.Context, operation string, script *valkey.Lua, keys []string, args ...string) (bool, error) {
	answer, err := s.client.call(ctx, operation, s.client.callTimeout, func(ctx context.Context, c valkey.Client) valkey.ValkeyResult {
		return script.Exec(ctx, c, keys, args)
	})
	if err != nil {
		return false, err
	}
	n, err := answer.AsInt64()
	return n == 1, err
}

// Take implements desk.
func (s *server) Take(ctx context.Context, key, token string, ttl time.Duration) (bool, error) {
	return s.run(ctx, "lease take", s.take, s.names(key), token, milliseconds(ttl))
}

// Renew implements desk.
func (s *server) Renew(ctx context.Context, key, token string, ttl time.Duration) (bool, error) {
	return s.run(ctx, "lease renew", s.renew, s.names(key), token, milliseconds(ttl))
}

// Give implements desk. It asks a server that is not asked otherwise: what lies there is in the others' way.
func (s *server) Give(ctx context.Context, key, token string, o outcome) error {
	_, err := s.client.callAnyway(ctx, "lease give", s.client.callTimeout, func(ctx context.Context, c valkey.Client) valkey.ValkeyResult {
		return s.give.Exec(ctx, c, s.names(key), []string{token, s.client.prefix + leasesChannel, message(key, o)})
	})
	return err
}

// refused reports whether an error is the server's answer.
func refused(err error) bool {
	_, refused := valkey.IsValkeyErr(err)
	return refused
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

// message is what goes through the channel when a lease is given back.
func message(key string, o outcome) string { return string(o) + " " + key }

// heard wakes who waits for a key.
func (l *Leases) heard(text string) {
	o, key, ok := strings.Cut(text, " ")
	if !ok {
		return // of another version: waiters look for themselves
	}
	switch o := outcome(o); o {
	case done, failed, handed:
		l.waiting.wake(key, o)
	}
}
