package cache

import (
	"encoding/binary"
	"time"
)

// MetaVersion is the version of what AppendMeta writes. A new field of Meta is a new version; an entry of another
// one is a miss, which costs one fill and needs no migration.
const MetaVersion = 1

// The meta of an entry in bytes: numbers as varints, texts after their length, times as seconds and
// nanoseconds, formats by name because their numbers may change.

const (
	flagPrivate = 1 << iota
	flagNoStore
	flagImmutable
	flagUntouched
	flagOneClient

	flagsKnown = flagPrivate | flagNoStore | flagImmutable | flagUntouched | flagOneClient
)

// AppendMeta appends the meta to b, in the form that tiers keep it in.
func AppendMeta(b []byte, m *Meta) []byte {
	var flags byte
	for _, f := range []struct {
		set bool
		bit byte
	}{
		{m.Private, flagPrivate}, {m.NoStore, flagNoStore}, {m.Immutable, flagImmutable},
		{m.Untouched, flagUntouched}, {m.OneClient, flagOneClient},
	} {
		if f.set {
			flags |= f.bit
		}
	}
	b = append(b, flags)
	for _, t := range []string{
		m.Format.String(), m.Fallback.String(), m.ContentType, m.ETag,
		m.Source, m.SourceVersion, m.ETagAtSource, m.SourceCacheControl,
	} {
		b = appendText(b, t)
	}
	for _, n := range []int64{
		m.Length, int64(m.Width), int64(m.Height), int64(m.Frames),
		m.SourceLength, int64(m.SourceWidth), int64(m.SourceHeight), int64(m.Cost),
	} {
		b = binary.AppendVarint(b, n)
	}
	for _, t := range []time.Time{
		m.LastModified, m.Created, m.Clocks.Fresh, m.Clocks.Revalidate, m.Clocks.IfError, m.Clocks.Keep,
	} {
		b = binary.AppendVarint(b, t.Unix())
		b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	}
	b = append(b, m.Group[:]...)
	b = binary.AppendUvarint(b, uint64(len(m.Tags)))
	for _, t := range m.Tags {
		b = appendText(b, t)
	}
	return b
}

func appendText(b []byte, t string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(t))), t...)
}

// ParseMeta reads what AppendMeta wrote, whole and nothing behind it. The meta's texts share one copy of b.
func ParseMeta(b []byte) (Meta, error) {
	r := fields{rest: string(b)}
	var m Meta
	flags := r.byte()
	if flags&^flagsKnown != 0 {
		r.fail("unknown flags %#x", flags)
	}
	m.Private, m.NoStore = flags&flagPrivate != 0, flags&flagNoStore != 0
	m.Immutable, m.Untouched = flags&flagImmutable != 0, flags&flagUntouched != 0
	m.OneClient = flags&flagOneClient != 0
	m.Format, m.Fallback = r.format(), r.format()
	for _, t := range []*string{
		&m.ContentType, &m.ETag, &m.Source, &m.SourceVersion, &m.ETagAtSource, &m.SourceCacheControl,
	} {
		*t = r.text()
	}
	m.Length = r.varint()
	m.Width, m.Height, m.Frames = int(r.varint()), int(r.varint()), int(r.varint())
	m.SourceLength = r.varint()
	m.SourceWidth, m.SourceHeight = int(r.varint()), int(r.varint())
	m.Cost = time.Duration(r.varint())
	for _, t := range []*time.Time{
		&m.LastModified, &m.Created, &m.Clocks.Fresh, &m.Clocks.Revalidate, &m.Clocks.IfError, &m.Clocks.Keep,
	} {
		*t = r.time()
	}
	copy(m.Group[:], r.take(uint64(len(m.Group))))
	// A tag takes at least the byte of its length, so the count cannot ask for more than is there.
	if n := r.uvarint(); n > uint64(len(r.rest)) {
		r.fail("%d tags in %d bytes", n, len(r.rest))
	} else if n > 0 {
		m.Tags = make([]string, n)
		for i := range m.Tags {
			m.Tags[i] = r.text()
		}
	}
	if len(r.rest) > 0 {
		r.fail("%d bytes too many", len(r.rest))
	}
	if r.err != nil {
		return Meta{}, r.err
	}
	return m, nil
}
