package fleet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServerURL(t *testing.T) {
	for _, test := range []struct {
		url, address, user string
		db                 int
		tls                bool
		wrong              string
	}{
		{url: "redis://valkey", address: "valkey:6379"},
		{url: "valkey://valkey:7000/", address: "valkey:7000"},
		{url: "redis://:secret@valkey/3", address: "valkey:6379", db: 3},
		{url: "valkey://stillroom:secret@valkey/3", address: "valkey:6379", user: "stillroom", db: 3},
		{url: "rediss://stillroom:secret@cache.example:6380", address: "cache.example:6380", user: "stillroom", tls: true},
		{url: "valkeys://[2001:db8::1]/1", address: "[2001:db8::1]:6379", db: 1, tls: true},
		{url: "unix:///run/valkey.sock?db=2", address: "/run/valkey.sock", db: 2},
		{url: "", wrong: "scheme"},
		{url: "valkey:6379", wrong: "host"},
		{url: "redis://", wrong: "host"},
		{url: "http://:secret@valkey", wrong: "scheme"},
		{url: "redis://:secret@valkey/one", wrong: "database"},
		{url: "redis://:secret@valkey/-1", wrong: "database"},
		{url: "redis://:secret@valkey/0/1", wrong: "database"},
		{url: "redis://:secret@valkey?max_retries=0", wrong: "max_retries"},
		{url: "redis://valkey?password=secret", wrong: `"password"`},
		{url: "redis://:secret@valkey:port", wrong: "redis://host"},
		{url: "redis://:secret/#@valkey", wrong: "%2F"},
		{url: "redis://user:1/secret@valkey", wrong: "%2F"},
		{url: "redis://user:1?secret@valkey", wrong: "%2F"},
		{url: "redis://user:1#secret@valkey", wrong: "%2F"},
		{url: "redis://user:1%zzsecret@valkey", wrong: "%2F"},
		{url: "redis:secret@valkey", wrong: "host"},
		{url: "unix://?db=1", wrong: "path"},
	} {
		option, err := parse(test.url)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: %v, want an error about %q", test.url, err, test.wrong)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error shows the password: %v", test.url, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if option.InitAddress[0] != test.address || option.Username != test.user || option.SelectDB != test.db || (option.TLSConfig != nil) != test.tls {
			t.Errorf("%s: address %v, user %q, database %d, TLS %v", test.url, option.InitAddress, option.Username, option.SelectDB, option.TLSConfig != nil)
		}
		if wants := strings.Contains(test.url, "secret"); (option.Password == "secret") != wants {
			t.Errorf("%s: password %q", test.url, option.Password)
		}
	}
}

func TestCircuit(t *testing.T) {
	var changes []bool
	c := newCircuit(func(closed bool) { changes = append(changes, closed) })
	calls := func(results string) {
		for _, r := range results {
			switch r {
			case '.':
				c.report("write", nil)
			case 'x':
				c.report("write", errSlow)
			case 'r':
				c.report("read", nil)
			case 'X':
				c.report("read", errSlow)
			}
		}
	}
	steps := []struct {
		name   string
		do     func()
		closed bool
	}{
		{"begins open", func() {}, false},
		{"successes do not close it", func() { calls("...") }, false},
		{"the probe closes it", c.close, true},
		{"failures between successes are tolerated", func() { calls("xxxx.xxxx.xxxx") }, true},
		{"five in a row are not", func() { calls("x") }, false},
		{"late failures change nothing", func() { calls("xxxxxxxx") }, false},
		{"the probe closes it again", c.close, true},
		{"the count began anew", func() { calls("xxxx") }, true},
		{"and it opens again", func() { calls("x") }, false},
		{"the probe closes it once more", c.close, true},
		{"failures of one kind do not add to another's", func() { calls("xxxxXXXX") }, true},
		{"and a success of one is not the other's", func() { calls("rx") }, false},
	}
	for _, s := range steps {
		s.do()
		if c.closed() != s.closed || isClosed(c.open) == s.closed {
			t.Errorf("%s: closed %v", s.name, c.closed())
		}
	}
	if d := cmp.Diff([]bool{true, false, true, false, true, false}, changes); d != "" {
		t.Errorf("the observer was told: %s", d)
	}
}
