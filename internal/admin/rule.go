package admin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/source"
)

// rule returns the rule that an order means, its value in the spelling that entries have.
func (a *api) rule(o Order) (purge.Rule, error) {
	r := purge.Rule{Selector: o.Selector, Value: o.Value, Soft: o.Soft}
	switch o.Selector {
	case purge.URL:
		target, err := path(o.Value)
		if err != nil {
			return r, err
		}
		group, err := a.Group(target)
		if err != nil {
			return r, fmt.Errorf("url: %s", cause(err))
		}
		r.Value = group.String()
	case purge.Source:
		ref, err := source.ParseRef(o.Value)
		if err != nil {
			return r, fmt.Errorf("source: %s", cause(err))
		}
		r.Value = ref.String()
	case purge.Prefix:
		prefix, err := foldPrefix(o.Value)
		if err != nil {
			return r, err
		}
		r.Value = prefix
	}
	return r, nil
}

// path takes scheme and host off a URL of the public listener, which leaves the target of its request.
func path(url string) (string, error) {
	if i := strings.IndexFunc(url, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return "", fmt.Errorf("url: want a path as it stands in a request, got %q at byte %d", url[i], i)
	}
	for _, scheme := range []string{"http://", "https://"} {
		if len(url) >= len(scheme) && strings.EqualFold(url[:len(scheme)], scheme) {
			_, path, _ := strings.Cut(url[len(scheme):], "/")
			return "/" + path, nil
		}
	}
	if url == "" {
		return "", errors.New("url: want a path or URL of the public listener, got an empty one")
	}
	return "/" + strings.TrimPrefix(url, "/"), nil
}

// foldPrefix folds the beginning of a source as far as the source itself would be. Where it ends within the host, only
// letters can be folded: what else there is may be half of something.
func foldPrefix(text string) (string, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" {
		return "", errors.New("prefix: want the beginning of a source, scheme included, such as https://cdn.example/2026/")
	}
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return scheme + "://" + rest, nil
	}
	if strings.Contains(rest, "#") {
		return "", errors.New("prefix: want no fragment: no source has one")
	}
	if !strings.ContainsAny(rest, "/?") {
		user, host := "", rest
		if at := strings.LastIndexByte(rest, '@') + 1; at > 0 {
			user, host = rest[:at], rest[at:]
		}
		return scheme + "://" + user + strings.ToLower(host), nil
	}
	ref, err := source.ParseRef(text)
	if err != nil {
		return "", fmt.Errorf("prefix: %s", cause(err))
	}
	return ref.String(), nil
}
