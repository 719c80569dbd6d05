package plan

import (
	"crypto/sha256"
	"strconv"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/transform"
)

// Engine is the revision of our own output: raised by hand when the same canonical pipeline begins to
// make other pixels. It is part of every key and ETag. The version of libvips is not, or else each of its patches would
// empty every cache on deploy.
const Engine = "1"

// schema is the first line of every key text; raised when the text itself changes.
const schema = "stillroom key 1\n"

// key hashes the lines of a question.
func (p *Planner) key(engine string, r provider.Request, c transform.Canonical, client Client) cache.Key {
	buf, ok := p.texts.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	*buf = p.appendText((*buf)[:0], engine, r, c, client)
	key := cache.Key(sha256.Sum256(*buf))
	p.texts.Put(buf)
	return key
}

// Text returns what the key of a request is the SHA-256 of, in lines that a person can read and compare. Each
// value carries its length, so no two questions share one text.
func (p *Planner) Text(r provider.Request, plan Plan, client Client) string {
	return string(p.appendText(nil, Engine, r, plan.Canonical, client))
}

// appendText appends the lines of a question. Without an engine they are of all revisions.
func (p *Planner) appendText(b []byte, engine string, r provider.Request, c transform.Canonical, client Client) []byte {
	b = append(b, schema...)
	if engine != "" {
		b = appendLine(b, "engine", "", engine)
	}
	b = appendLine(b, "source", "", r.Source.String())
	if r.Want == provider.Original {
		b = append(b, "want original\n"...)
	} else {
		b = c.AppendText(b)
		if b[len(b)-1] != '\n' {
			b = append(b, '\n')
		}
	}
	if r.CacheBuster != "" {
		b = appendLine(b, "buster", "", r.CacheBuster)
	}
	for _, name := range p.config.KeyHeaders {
		b = appendLine(b, "header ", name, client.Header.Get(name))
	}
	for _, name := range p.config.KeyCookies {
		b = appendLine(b, "cookie ", name, client.Cookie(name))
	}
	return b
}

// appendLine appends "what name length:value" and a line end.
func appendLine(b []byte, what, name, value string) []byte {
	b = append(b, what...)
	b = append(b, name...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(value)), 10)
	b = append(b, ':')
	b = append(b, value...)
	return append(b, '\n')
}
