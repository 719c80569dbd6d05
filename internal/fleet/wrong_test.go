package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/purge"
)

// wrongs are what a server must not say where nothing was asked.
func wrongs() map[string]string {
	return map[string]string{
		"an answer too many":          "+OK\r\n",
		"an error too many":           "-ERR the proxy shuts down\r\n",
		"a number too many":           ":1\r\n",
		"a null too many":             "$-1\r\n",
		"an empty array too many":     "*0\r\n",
		"a subscription":              "*3\r\n$9\r\nsubscribe\r\n$16\r\nstillroom:purges\r\n:1\r\n",
		"an end of a subscription":    "*3\r\n$11\r\nunsubscribe\r\n$16\r\nstillroom:purges\r\n:0\r\n",
		"a pong":                      "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
		"a string of a negative size": "$-2\r\n",
		"an array of a negative size": "*-2\r\n",
		"a string that has no room":   "$99999999999999\r\n",
		"an array that has no room":   "*99999999999\r\n",
		"a size that is no number":    "$1x\r\nx\r\n",
		"a size that is no integer":   "$99999999999999999999999999\r\n",
		"arrays without end":          strings.Repeat("*1\r\n", 1<<20),
		"a line without end":          "+" + strings.Repeat("x", 1<<20),
		"a push":                      ">2\r\n+invalidate\r\n_\r\n",
		"a null of RESP3":             "_\r\n",
		"another protocol":            "HTTP/1.1 400 Bad Request\r\n\r\n",
		"an empty line":               "\r\n",
		"half a line end":             "+OK\n",
	}
}

// A server that says what it must not costs its connection, and nothing else; when it says what is right again it is used.
func TestServerThatAnswersWrongly(t *testing.T) {
	for name, wrong := range wrongs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			road := newProxy(t, newMini(t).address())
			n := newNode(t, road.listener.Addr().String())
			l := NewLeases(n.client, LeasesConfig{})
			road.adds.Store(wrong)
			var s shared
			for i := range 2 * tolerated {
				began := time.Now()
				if err := s.get(t.Context(), l, fmt.Sprint("key ", i), 0); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > patience/2 {
					t.Errorf("it took %v", took)
				}
			}
			if fills := s.fills.Load(); fills != 2*tolerated {
				t.Errorf("%d fills, want %d", fills, 2*tolerated)
			}
			road.adds.Store("")
			eventually(t, "there are leases again", func() bool {
				lease, held := l.Acquire(t.Context(), "another key")
				lease.Release(nil)
				return held && lease.holding != nil
			})
			n.add(t, "https://a.example/a.jpg")
			n.sent(t)
		})
	}
}

// told is what frames tell of a stream.
func told(stream []byte, part int) (seen []frame, err error) {
	var f frames
	for len(stream) > 0 && err == nil {
		n := min(part, len(stream))
		err = f.feed(stream[:n], func(m frame) error {
			seen = append(seen, m)
			return nil
		})
		stream = stream[n:]
	}
	return seen, err
}

func TestFrames(t *testing.T) {
	stream := "+OK\r\n-ERR no\r\n:-1\r\n$0\r\n\r\n$5\r\n\r\n+\r\n\r\n$-1\r\n*0\r\n*-1\r\n" +
		"*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n" +
		"*2\r\n*2\r\n$1\r\na\r\n*0\r\n$20\r\n0123456789abcdefghij\r\n" +
		"*1\r\n$20\r\n0123456789abcdefghij\r\n*2\r\n:1\r\n$3\r\nabc\r\n*1\r\n+message\r\n+\r\n"
	want := []frame{
		{kind: '+'}, {kind: '-'}, {kind: ':'}, {kind: '$'}, {kind: '$'}, {kind: '$'}, {kind: '*'}, {kind: '*'},
		{'*', 3, "subscribe"}, {'*', 2, ""}, {'*', 1, "0123456789abcdef"}, {'*', 2, "1"}, {'*', 1, "message"}, {kind: '+'},
	}
	for part := 1; part <= len(stream); part++ {
		got, err := told([]byte(stream), part)
		if d := cmp.Diff(want, got, cmp.AllowUnexported(frame{})); d != "" || err != nil {
			t.Fatalf("in parts of %d: %v, (-want +got)\n%s", part, err, d)
		}
	}
	if _, err := told([]byte(fmt.Sprintf("*3\r\n$%d\r\n", maxMessage)), 100); err != nil {
		t.Errorf("a string as long as may be: %v", err)
	}
	long := fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$1\r\n", maxMessage-2, strings.Repeat("x", maxMessage-2))
	if _, err := told([]byte(long), 1<<20); !errors.Is(err, errProtocol) {
		t.Errorf("a message that is too long: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	for _, wrong := range wrongs() {
		f.Add([]byte(wrong[:min(len(wrong), 100)]), 3)
	}
	f.Fuzz(func(t *testing.T, stream []byte, part int) {
		whole, err := told(stream, len(stream)+1)
		parts, again := told(stream, max(part, 1))
		if d := cmp.Diff(whole, parts, cmp.AllowUnexported(frame{})); d != "" || (err == nil) != (again == nil) {
			t.Errorf("in parts of %d: %v and %v, (-whole +parts)\n%s", part, err, again, d)
		}
		if err != nil && !errors.Is(err, errProtocol) {
			t.Error(err)
		}
	})
}

// What is published comes unasked, but only where somebody has subscribed.
func TestAnswersAreCounted(t *testing.T) {
	const (
		subscribe = "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n"
		a         = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
		b         = "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"
		published = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
		ping      = "*1\r\n$4\r\nPING\r\n"
		pong      = "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
	)
	for name, c := range map[string]struct {
		asked, answered string
		wrong           bool
	}{
		"nothing":                        {"", "", false},
		"one":                            {ping, "+PONG\r\n", false},
		"an array":                       {ping, published, false},
		"two in one":                     {ping + ping, "+PONG\r\n+PONG\r\n", false},
		"one too many":                   {ping, "+PONG\r\n+PONG\r\n", true},
		"subscribed":                     {subscribe, a + b + published + published, false},
		"published between":              {subscribe, a + published + b, false},
		"refused":                        {subscribe + ping, "-NOPERM\r\n" + pong, false},
		"refused twice":                  {subscribe, "-NOPERM\r\n-NOPERM\r\n", true},
		"another answer":                 {subscribe, "+QUEUED\r\n", true},
		"out of order":                   {ping + subscribe, a + b + "+PONG\r\n", true},
		"a channel that is a status":     {ping, "*1\r\n+subscribe\r\n", true},
		"a pattern":                      {ping, "*1\r\n+psubscribe\r\n", true},
		"one channel too many":           {subscribe, a + b + b, true},
		"pinged":                         {subscribe + ping, a + b + published + pong + published, false},
		"a pong too many":                {subscribe + ping, a + b + pong + pong, true},
		"a channel for a pong":           {subscribe + ping, a + b + a, true},
		"published without a subscriber": {"", published, true},
	} {
		near, far := net.Pipe()
		go func() {
			_, _ = io.CopyN(io.Discard, far, int64(len(c.asked)))
			_, _ = io.WriteString(far, c.answered)
			far.Close()
		}()
		guarded := &conn{Conn: near}
		if _, err := io.CopyN(guarded, strings.NewReader(c.asked), int64(len(c.asked))); err != nil {
			t.Error(err)
		}
		var got bytes.Buffer
		_, err := got.ReadFrom(guarded)
		if c.wrong != errors.Is(err, errProtocol) || !c.wrong && (err != nil || got.String() != c.answered) {
			t.Errorf("%s: %v after %q", name, err, got.String())
		}
		near.Close()
	}
}

// A server whose scripts return anything but what they should is of no use, and no harm.
func TestServerOfAnotherMind(t *testing.T) {
	for _, says := range []string{
		":1", ":0", "+OK", "$-1", "*0", "*-1", "*1\r\n:1", "*2\r\n:1\r\n:1", "*2\r\n$1\r\nx\r\n:1", "*2\r\n$1\r\nx\r\n$1\r\nx",
		"*2\r\n$1\r\nx\r\n*1\r\n$1\r\nx", "*2\r\n$1\r\nx\r\n*2\r\n$1\r\nx\r\n$1\r\nx", "*2\r\n$-1\r\n*0",
		"-ERR no", "-MOVED 1 127.0.0.1:1",
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			address := answering(t, func(words []string) string {
				switch words[0] {
				case "EVALSHA", "EVAL":
					if strings.HasSuffix(words[3], "probe") {
						return ":1"
					}
					return says
				case "SUBSCRIBE":
					return "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2"
				}
				return "+OK"
			})
			seen := &counts{}
			f := connectWith(t, address, Config{Observer: seen})
			n := nodeOf(f, purge.NewMemory(0))
			n.add(t, "https://a.example/a.jpg")
			eventually(t, "it is asked for purges", func() bool { return seen.of(Answered)+seen.of(Failed) > 1 })
			l := NewLeases(f, LeasesConfig{Poll: time.Millisecond, Wait: 20 * time.Millisecond})
			var s shared
			for i := range 3 {
				if err := s.get(t.Context(), l, fmt.Sprint("key ", i), 0); err != nil {
					t.Error(err)
				}
			}
			if fills := s.fills.Load(); fills != 3 {
				t.Errorf("%d fills, want 3", fills)
			}
		})
	}
}
