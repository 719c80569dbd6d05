package web

import (
	"errors"
	"net/netip"
	"testing"
)

func TestGuard(t *testing.T) {
	const (
		open    = "" // allowed as it is
		never   = "never"
		loop    = "loopback"
		link    = "link-local"
		private = "private"
	)
	for _, c := range []struct{ addr, needs string }{
		// The internet.
		{"1.1.1.1", open},
		{"93.184.216.34", open},
		{"100.63.255.255", open},
		{"100.128.0.0", open},
		{"172.15.255.255", open},
		{"172.32.0.0", open},
		{"192.167.255.255", open},
		{"223.255.255.255", open},
		{"2606:4700:4700::1111", open},
		{"2a00:1450:4001:81b::200e", open},
		{"::ffff:1.1.1.1", open},   // IPv4-mapped is the IPv4 address
		{"64:ff9b::1.1.1.1", open}, // how a network without IPv4 reaches it

		{"127.0.0.1", loop},
		{"127.255.255.254", loop},
		{"::1", loop},
		{"::ffff:127.0.0.1", loop},
		{"::ffff:7f00:1", loop},
		{"64:ff9b::127.0.0.1", loop},

		{"169.254.0.1", link},
		{"169.254.169.254", link}, // metadata services
		{"fe80::1", link},
		{"fe80::1%eth0", link},
		{"febf::1", link},
		{"::ffff:169.254.169.254", link},
		{"64:ff9b::a9fe:a9fe", link},
		{"fd00:ec2::254", link},   // Amazon's metadata
		{"fd20:ce::254", link},    // Google's
		{"100.100.100.200", link}, // Alibaba's

		{"10.0.0.0", private},
		{"10.255.255.255", private},
		{"172.16.0.1", private},
		{"172.31.255.255", private},
		{"192.168.0.1", private},
		{"100.64.0.1", private},
		{"100.127.255.255", private},
		{"fc00::1", private},
		{"fdff::1", private},
		{"::ffff:10.0.0.1", private},
		{"::ffff:100.64.0.1", private},
		{"64:ff9b::192.168.0.1", private},

		{"0.0.0.0", never}, // this host, by another name
		{"0.1.2.3", never},
		{"::", never},
		{"::ffff:0.0.0.0", never},
		{"64:ff9b::", never},
		{"192.0.0.192", never}, // Oracle's metadata
		{"192.0.2.1", never},
		{"192.88.99.1", never},
		{"198.18.0.1", never},
		{"198.51.100.1", never},
		{"203.0.113.1", never},
		{"224.0.0.1", never},
		{"239.255.255.250", never},
		{"240.0.0.1", never},
		{"255.255.255.255", never},
		{"ff02::1", never},
		{"ff0e::1", never},
		{"::ffff:255.255.255.255", never},
		{"fec0::1", never},     // site-local, deprecated
		{"100::1", never},      // discard
		{"2001:db8::1", never}, // documentation
		{"2001:2::1", never},   // benchmarking
		{"3fff::1", never},     // documentation
		{"4000::1", never},     // not assigned
		{"::127.0.0.1", never}, // IPv4-compatible
		{"::10.0.0.1", never},
		{"::1.1.1.1", never},
		{"::ffff:0:127.0.0.1", never},   // IPv4-translated
		{"64:ff9b:1::127.0.0.1", never}, // local NAT64
		{"64:ff9b:1:7f00:0:100::", never},
		{"2002:7f00:1::", never}, // 6to4 of 127.0.0.1
		{"2002:a00:1::1", never}, // 6to4 of 10.0.0.1
		{"2002:101:101::1", never},
		{"2001:0:7f00:1::", never},                      // Teredo by a server at 127.0.0.1
		{"2001:0:4136:e378:8000:63bf:80ff:fffe", never}, // Teredo of a client at 127.0.0.1
		{"2a00:1450::5efe:127.0.0.1", never},            // ISATAP
		{"2a00:1450::200:5efe:10.0.0.1", never},
		{"fd00::5efe:10.0.0.1", never},
		{"fd00::5efe:1.1.1.1", never},
	} {
		addr := netip.MustParseAddr(c.addr)
		for _, with := range []struct {
			switches string
			config   Config
		}{
			{open, Config{}},
			{loop, Config{AllowLoopback: true}},
			{link, Config{AllowLinkLocal: true}},
			{private, Config{AllowPrivate: true}},
			{"all", Config{AllowLoopback: true, AllowLinkLocal: true, AllowPrivate: true}},
		} {
			want := c.needs == open || c.needs == with.switches || with.switches == "all" && c.needs != never
			err := newGuard(with.config).check(addr)
			var refused *refusal
			if (err == nil) != want || err != nil && !errors.As(err, &refused) {
				t.Errorf("%s with %q allowed: %v, want allowed = %t", c.addr, with.switches, err, want)
			}
		}
	}
}

func TestGuardControl(t *testing.T) {
	g := newGuard(Config{})
	for address, want := range map[string]bool{
		"1.1.1.1:80": true, "[2606:4700::1]:443": true, "127.0.0.1:80": false, "[::1]:443": false,
		"[fe80::1%lo]:80": false, "/run/socket": false, "example.com:80": false,
	} {
		if err := g.control(t.Context(), "tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v, want allowed = %t", address, err, want)
		}
	}
}
