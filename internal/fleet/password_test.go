package fleet

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// odd is a password with all that means something in a URL.
const odd = `p@s:s/w#o%r?d&[é] "+'\`

func withPassword(scheme, address, user, password string) string {
	u := url.URL{Scheme: scheme, Host: address, User: url.UserPassword(user, password)}
	return u.String()
}

// notes is a log that can be read.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

func (n *notes) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(n, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// answering returns the address of a server that gives one answer to whatever it is asked, which it repeats words of.
func answering(t *testing.T, answer func(words []string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { l.Close() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					words, err := readWords(r)
					if err != nil {
						return
					}
					if _, err := io.WriteString(c, answer(words)+"\r\n"); err != nil {
						return
					}
				}
			})
		}
	})
	return l.Addr().String()
}

// readWords reads a command as clients send it.
func readWords(r *bufio.Reader) ([]string, error) {
	number := func(mark string) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, mark)))
	}
	n, err := number("*")
	words := make([]string, n)
	for i := range words {
		var size int
		if size, err = number("$"); err != nil {
			break
		}
		word := make([]byte, size+2)
		if _, err = io.ReadFull(r, word); err != nil {
			break
		}
		words[i] = string(word[:size])
	}
	return words, err
}

// A server that does not know AUTH repeats what it was sent, and so may one that has other passwords.
func TestPasswordIsNotLogged(t *testing.T) {
	long := strings.Repeat("long secret ", 20)
	for name, c := range map[string]struct {
		password, why string
		answer        func(words []string) string
	}{
		"renamed": {odd, "unknown command", func(words []string) string {
			return fmt.Sprintf("-ERR unknown command '%s', with args beginning with: '%s' ", words[0], strings.Join(words[1:], "' '"))
		}},
		"cut off": {long, "unknown command", func(words []string) string {
			return fmt.Sprintf("-ERR unknown command '%s', with args beginning with: '%.100s' ", words[0], strings.Join(words[1:], "' '"))
		}},
		"proxy":         {odd, "no such user", func(words []string) string { return "-ERR no such user: " + strings.Join(words, " ") }},
		"wrong and odd": {odd, "WRONGPASS", func([]string) string { return "-WRONGPASS invalid username-password pair" }},
	} {
		t.Run(name, func(t *testing.T) {
			log := &notes{}
			f, err := Connect(Config{URL: withPassword("redis", answering(t, c.answer), "stillroom", c.password), Log: log.logger()})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			eventually(t, "it is said that the server does not answer", func() bool {
				return strings.Contains(log.String(), "going on without it")
			})
			said := log.String()
			for _, part := range []string{c.password, c.password[:6], strconv.Quote(c.password), url.QueryEscape(c.password)} {
				if strings.Contains(said, part) {
					t.Errorf("the log shows %q: %s", part, said)
				}
			}
			if !strings.Contains(said, c.why) {
				t.Errorf("the log does not say why, which is %s: %s", c.why, said)
			}
		})
	}
}

// Users, odd passwords and TLS are understood by both of a node's connections.
func TestPasswordAndTLS(t *testing.T) {
	certified := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(certified.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(certified.Certificate())
	for _, scheme := range []string{"redis", "rediss"} {
		t.Run(scheme, func(t *testing.T) {
			m := miniredis.NewMiniRedis()
			start := m.Start
			if scheme == "rediss" {
				start = func() error { return m.StartTLS(certified.TLS) }
			}
			if err := start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(m.Close)
			m.RequireUserAuth("stillroom", odd)
			option, err := parse(withPassword(scheme, m.Addr(), "stillroom", odd))
			if err != nil {
				t.Fatal(err)
			}
			if option.TLSConfig != nil {
				option.TLSConfig.RootCAs = trusted
			}
			f := newClient(Config{Log: (&notes{}).logger(), CallTimeout: time.Second}, option)
			t.Cleanup(func() { f.Close() })
			f.spawn(f.keepConnected)
			f.spawn(f.listen)
			l := NewLeases(f, LeasesConfig{TTL: time.Hour})
			up(t, f)
			lease, held := l.Acquire(t.Context(), "key")
			if !held || lease.holding == nil {
				t.Fatal("there are no leases")
			}
			eventually(t, "it is subscribed", func() bool { return len(m.PubSubChannels(DefaultPrefix+leasesChannel)) == 1 })
			lease.Release(nil)
		})
	}
}
