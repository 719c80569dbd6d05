package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/sign"
)

func signFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "provider", Desc: "grammar of the URL (default imgproxy)"},
		{Name: "expires", Desc: "time for which the URL shall work, such as 24h (default for ever)"},
	}
}

// signing prints the signed form of a path. A path without signature gets one, any other has its own replaced; a whole
// URL keeps its scheme and host.
func signing(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, signFlags(), 1, stderr)
	if !ok {
		return exitUsage
	}
	lifetime, err := lifetime(l.flags["expires"])
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	s, err := newSigner(l.config, cmp.Or(l.flags["provider"], "imgproxy"))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	signed, err := s.sign(l.report.Operands[0], lifetime, time.Now())
	if err != nil {
		fmt.Fprintf(stderr, "sign: %s\n", err)
		return exitFailed
	}
	if !s.keys.Enabled() {
		fmt.Fprintln(stderr, "sign: there are no keys, so the signature is a placeholder: set STILLROOM_KEY and STILLROOM_SALT")
	}
	fmt.Fprintln(stdout, signed)
	return exitDone
}

// lifetime reads --expires; 0 = for ever.
func lifetime(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := config.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("--expires: %w", err)
	}
	if d < time.Second {
		return 0, fmt.Errorf("--expires: want at least 1s, got %q", text)
	}
	return d, nil
}

// signer signs imgproxy paths as the server of a configuration reads them.
type signer struct {
	keys      *sign.Keyring
	grammar   provider.Provider
	prefix    string // in front of every path, with "/" at its end
	separator string // between an option and its arguments
}

func newSigner(c *config.Config, grammar string) (*signer, error) {
	offline, err := stillroom.NewOffline(c)
	if err != nil {
		return nil, err
	}
	g, prefix, ok := offline.Grammar(grammar)
	if !ok {
		return nil, fmt.Errorf("--provider: want one of %s, got %q", c.Server.Providers, grammar)
	}
	return &signer{keys: offline.Keyring(), grammar: g, prefix: prefix, separator: c.URL.ArgumentsSeparator}, nil
}

// sign returns the signed form of a URL or path that, with a lifetime, stops working at its end.
func (s *signer) sign(text string, lifetime time.Duration, now time.Time) (string, error) {
	origin, path, err := s.split(text)
	if err != nil {
		return "", err
	}
	if lifetime > 0 {
		path = "/exp" + s.separator + strconv.FormatInt(now.Add(lifetime).Unix(), 10) + path
	}
	request, err := s.grammar.Parse("/" + sign.Unsigned + path)
	if err != nil {
		return "", err
	}
	if lifetime > 0 && request.Delivery.Expires.Unix() != now.Add(lifetime).Unix() {
		return "", errors.New("the path holds an expiry of its own, which would win over --expires")
	}
	return origin + s.prefix + s.keys.Sign(request.Credentials.Signed) + path, nil
}

// split takes apart the scheme and host of a URL, if there are any, and the path less prefix and signature.
func (s *signer) split(text string) (origin, path string, err error) {
	origin, path = splitURL(text)
	if strings.Contains(path, "?") {
		return "", "", errors.New(`everything from "?" on is no part of the path: write %3F for one that belongs to the source`)
	}
	if rest, ok := strings.CutPrefix(path, s.prefix); ok {
		path = "/" + rest
	}
	return origin, s.unsigned(path), nil
}

// unsigned drops the signature of a path that has one. The two forms are told apart by which of them the
// grammar can read: a signature in front is neither an option nor, with what follows, base64 of a URL.
func (s *signer) unsigned(path string) string {
	if _, err := s.grammar.Parse("/" + sign.Unsigned + path); err == nil {
		return path
	}
	signature, rest, _ := strings.Cut(path[1:], "/")
	if _, err := s.grammar.Parse(path); err != nil || strings.Contains(signature, s.separator) {
		return path
	}
	return "/" + rest
}
