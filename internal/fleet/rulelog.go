package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"github.com/valkey-io/valkey-go"
)

const (
	// maxLog bounds the log, as ledgers are bounded.
	maxLog = 500_000
	// page is how many rules are read at once, and batch how many bytes of them are offered at once: some milliseconds
	// of the server's time.
	page  = 500
	batch = 256 << 10
	// unhurried is how many times as long as a request's calls those of the log may take: nobody waits for them.
	unhurried = 10
)

// ruleLog is where the rules of all nodes stand in the order in which they came: a sorted set whose scores count them
// from 1. At 0 stands the name of the log's epoch, a random word: a log that was lost and begun again has another.
//
// Each node remembers the last place that it has read. A sorted set rather than a stream, because the same rule offered
// twice is there once.
type ruleLog struct {
	client            *Client
	offer, read, drop *valkey.Lua
	bound             int // maxLog
}

func newRuleLog(f *Client) *ruleLog {
	return &ruleLog{
		client: f, offer: newScript(offerScript), read: newScript(readScript), drop: newScript(dropScript), bound: maxLog,
	}
}

// offerScript appends rules that are not there yet and tells the others. Arguments: channel, oldest time that
// matters, bound, name of a new epoch, rules. Returns the epoch and 1, or 0 if the log is full. A few rules that are too
// old to matter go first; about in order, because times and places differ by no more than nodes were away.
const offerScript = `
local log = KEYS[1]
local epoch = redis.call('ZRANGEBYSCORE', log, '0', '0', 'LIMIT', '0', '1')[1]
if not epoch then
  epoch = ARGV[4]
  redis.call('ZADD', log, '0', epoch)
end
local oldest = tonumber(ARGV[2])
for _, rule in ipairs(redis.call('ZRANGEBYSCORE', log, '1', '+inf', 'LIMIT', '0', '32')) do
  local at = tonumber(string.sub(rule, 1, 20))
  if at and at >= oldest then break end
  redis.call('ZREM', log, rule)
end
local last = tonumber(redis.call('ZRANGE', log, '-1', '-1', 'WITHSCORES')[2])
local room = tonumber(ARGV[3]) - redis.call('ZCARD', log)
local added = 0
local full = false
for i = 5, #ARGV do
  if not redis.call('ZSCORE', log, ARGV[i]) then
    if added >= room then
      full = true
      break
    end
    added = added + 1
    redis.call('ZADD', log, string.format('%d', last + added), ARGV[i])
  end
end
if added > 0 then redis.call('PUBLISH', ARGV[1], epoch) end
return {epoch, full and 0 or 1}`

// readScript returns the epoch, "" in an empty log, and pairs of rule and place from a place on. Arguments: place,
// number of rules.
const readScript = `
local epoch = redis.call('ZRANGEBYSCORE', KEYS[1], '0', '0', 'LIMIT', '0', '1')[1] or ''
return {epoch, redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', '0', ARGV[2])}`

// dropScript empties the log if its epoch is still the one that the caller knows.
const dropScript = `
if redis.call('ZRANGEBYSCORE', KEYS[1], '0', '0', 'LIMIT', '0', '1')[1] ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

var (
	errAnswer = errors.New("fleet: the server's answer is not what the script returns")
	errFull   = errors.New("fleet: the log of purges is full")
)

// placed is a rule's text and its place in the log.
type placed struct {
	text  string
	place int64
}

func (l *ruleLog) run(ctx context.Context, operation string, script *valkey.Lua, args ...string) (valkey.ValkeyMessage, error) {
	f := l.client
	return f.call(ctx, operation, unhurried*f.callTimeout, func(ctx context.Context, c valkey.Client) valkey.ValkeyResult {
		return script.Exec(ctx, c, []string{f.prefix + "purges"}, args)
	})
}

// runPair is run for scripts that return an epoch and something else.
func (l *ruleLog) runPair(
	ctx context.Context, operation string, script *valkey.Lua, args ...string,
) (epoch string, other valkey.ValkeyMessage, err error) {
	answer, err := l.run(ctx, operation, script, args...)
	if err != nil {
		return "", other, err
	}
	fields, err := answer.ToArray()
	if err != nil || len(fields) != 2 {
		return "", other, errAnswer
	}
	if epoch, err = fields[0].ToString(); err != nil {
		return "", other, errAnswer
	}
	return epoch, fields[1], nil
}

// Read returns a page of the log from a place on.
func (l *ruleLog) Read(ctx context.Context, from int64) (epoch string, rules []placed, err error) {
	epoch, answer, err := l.runPair(ctx, "purges read", l.read, strconv.FormatInt(max(from, 1), 10), strconv.Itoa(page))
	if err != nil {
		return "", nil, err
	}
	pairs, err := answer.AsStrSlice()
	if err != nil || len(pairs)%2 != 0 {
		return "", nil, errAnswer
	}
	for i := 0; i < len(pairs); i += 2 {
		place, err := strconv.ParseFloat(pairs[i+1], 64)
		if err != nil {
			return "", nil, errAnswer
		}
		rules = append(rules, placed{pairs[i], int64(place)})
	}
	return epoch, rules, nil
}

// Offer appends rules and returns the epoch of the log that they are in. Rules older than oldest matter to nobody.
func (l *ruleLog) Offer(ctx context.Context, oldest time.Time, rules []string) (epoch string, err error) {
	old := "0"
	if !oldest.IsZero() {
		old = strconv.FormatInt(oldest.UnixNano(), 10)
	}
	args := append([]string{l.client.prefix + purgesChannel, old, strconv.Itoa(l.bound + 1), rand.Text()}, rules...)
	epoch, answer, err := l.runPair(ctx, "purges offer", l.offer, args...)
	if err != nil {
		return "", err
	}
	switch taken, err := answer.AsInt64(); {
	case err != nil:
		return "", errAnswer
	case taken != 1:
		return epoch, errFull
	}
	return epoch, nil
}

// Drop empties the log of an epoch.
func (l *ruleLog) Drop(ctx context.Context, epoch string) error {
	_, err := l.run(ctx, "purges drop", l.drop, epoch)
	return err
}
