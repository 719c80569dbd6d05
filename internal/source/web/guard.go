package web

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// guard refuses connections to addresses that a stranger's URL has no business with. It looks at the
// resolved address at the moment of dialling, so neither a redirect nor a name with two faces gets
// around it.
type guard struct {
	allowed [classes]bool
	special *ssrf.Guardian
}

// class says whose an address is, as far as the guard has a switch for it.
type class uint8

const (
	global class = iota
	loopback
	linkLocal
	private
	tunnel // IPv6 that leads to an IPv4 address which the guard would not see
	classes
)

func newGuard(c Config) *guard {
	return &guard{
		allowed: [classes]bool{
			global: true, loopback: c.AllowLoopback, linkLocal: c.AllowLinkLocal, private: c.AllowPrivate,
		},
		// The ranges without a switch: everything else in IANA's registries of special addresses.
		special: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAnyNetwork()),
	}
}

// refusal is the guard's error.
type refusal struct {
	addr netip.Addr
	why  string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("address %s is guarded: %s", r.addr, r.why)
}

// control is a net.Dialer's ControlContext.
func (g *guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("guard: want an address and a port, got %q", address)
	}
	return g.check(to.Addr())
}

// check returns a *refusal unless addr may be connected to.
func (g *guard) check(addr netip.Addr) error {
	meant := addr.WithZone("").Unmap()
	if nat64.Contains(meant) {
		// The prefix of RFC 6052 is how a network without IPv4 reaches all of it, so it is as good as
		// the address inside.
		meant = last4(meant)
	}
	switch c := classify(meant); {
	case c == tunnel:
		return &refusal{addr, "it leads to an IPv4 address by a tunnel or a translator"}
	case !g.allowed[c]:
		return &refusal{addr, reasons[c]}
	case c == global:
		if err := g.special.SafeAddr(meant); err != nil {
			return &refusal{addr, "it is not a public unicast address"}
		}
	}
	return nil
}

var reasons = [classes]string{
	loopback:  "loopback addresses are not allowed (STILLROOM_ALLOW_LOOPBACK_SOURCE_ADDRESSES)",
	linkLocal: "link-local addresses are not allowed (STILLROOM_ALLOW_LINK_LOCAL_SOURCE_ADDRESSES)",
	private:   "private addresses are not allowed (STILLROOM_ALLOW_PRIVATE_SOURCE_ADDRESSES)",
}

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
	shared = netip.MustParsePrefix("100.64.0.0/10")

	// Metadata services hand out credentials, at addresses that look merely private: Amazon's services
	// on IPv6, Google's on IPv6, Alibaba's. Who allows private addresses does not mean these.
	metadata = [...]netip.Prefix{
		netip.MustParsePrefix("fd00:ec2::/32"),
		netip.MustParsePrefix("fd20:ce::254/128"),
		netip.MustParsePrefix("100.100.100.200/32"),
	}

	tunnels = [...]netip.Prefix{
		netip.MustParsePrefix("::/96"),           // IPv4-compatible, RFC 4291
		netip.MustParsePrefix("::ffff:0:0:0/96"), // IPv4-translated, RFC 2765
		netip.MustParsePrefix("64:ff9b:1::/48"),  // local NAT64, RFC 8215: where the IPv4 part is, only its owner knows
		netip.MustParsePrefix("2001::/32"),       // Teredo, RFC 4380
		netip.MustParsePrefix("2002::/16"),       // 6to4, RFC 3056
	}
)

// classify expects an address without zone that is not IPv4-mapped.
func classify(a netip.Addr) class {
	for _, p := range metadata {
		if p.Contains(a) {
			return linkLocal
		}
	}
	switch {
	case a.IsUnspecified():
		return global // no class of its own: refused with the special ranges
	case a.IsLoopback():
		return loopback
	case a.IsLinkLocalUnicast():
		return linkLocal
	case isISATAP(a):
		return tunnel
	case a.IsPrivate(), shared.Contains(a):
		return private
	}
	for _, p := range tunnels {
		if p.Contains(a) {
			return tunnel
		}
	}
	return global
}

// isISATAP reports whether the interface identifier is one of RFC 5214, under whatever prefix: 0:5efe
// or 200:5efe and then an IPv4 address.
func isISATAP(a netip.Addr) bool {
	if !a.Is6() {
		return false
	}
	b := a.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

func last4(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}
