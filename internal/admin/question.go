package admin

import (
	"time"
)

// Question is how a URL is understood when a certain client asks. Nothing is fetched to know it.
type Question struct {
	Provider string `json:"provider"` // the name of the grammar that read it
	Source   string `json:"source"`   // whole, with what may be a credential in it
	Want     string `json:"want"`     // "rendition" or "original"
	// Refusal says why the server would not answer; empty = it would.
	Refusal string `json:"refusal,omitempty"`

	Canonical string `json:"canonical,omitempty"` // text of the pipeline; empty with Want "original"
	Key       string `json:"key"`                 // in hex
	KeyText   string `json:"key_text"`            // what Key is the SHA-256 of, an ingredient per line
	Group     string `json:"group"`               // what a purge by this URL purges: a key in hex
	Engine    string `json:"engine"`              // revision of our own output, an ingredient of every key

	Delivery Delivery `json:"delivery"`
	Tags     []string `json:"tags,omitempty"`
	Vary     string   `json:"vary,omitempty"` // request headers that can change the answer
	// Private says that a cookie is an ingredient, so that no shared cache may keep the answer.
	Private bool `json:"private,omitempty"`
}

// Delivery is how an answer is handed over; it is no part of the key.
type Delivery struct {
	Filename   string    `json:"filename,omitempty"` // stem; empty = from the source
	Attachment bool      `json:"attachment,omitempty"`
	Expires    time.Time `json:"expires,omitzero"` // the URL stops working then; zero = never
}

// Explanation is the answer to GET /v1/explain: the question, and what the cache has to say about it.
type Explanation struct {
	Question

	// Cache is nil where no server was asked.
	Cache *CacheView `json:"cache,omitempty"`
}

// CacheView is what the cache of a running server knows of a key.
type CacheView struct {
	At time.Time `json:"at"` // when it was looked at
	// Outcome is what a request would meet at that time: "hit", "stale-while-revalidate", "stale", "miss", "failure" (one
	// that is remembered), "refused"; "unknown" where a tier cannot be looked into.
	Outcome string `json:"outcome"`
	Why     string `json:"why"`
	// Tiers are what each tier holds, fastest first.
	Tiers []TierView `json:"tiers"`
	// Ignored names request headers that were given and that cannot change the answer.
	Ignored []string `json:"ignored,omitempty"`
}

// TierView is what one tier holds under a key.
type TierView struct {
	Tier string `json:"tier"`
	// Absent says why there is nothing; empty with Entry.
	Absent string     `json:"absent,omitempty"`
	Entry  *EntryView `json:"entry,omitempty"`
}

// EntryView is a stored entry without its body.
type EntryView struct {
	Type   string `json:"type"`
	Length int64  `json:"length"` // bytes
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Frames int    `json:"frames,omitempty"`
	ETag   string `json:"etag"`

	Source        string   `json:"source"`
	SourceVersion string   `json:"source_version,omitempty"`
	Tags          []string `json:"tags,omitempty"`
	Cost          float64  `json:"cpu_seconds"` // that making it took

	Created Moment `json:"created"` // when the fetch of its source began
	Clocks  Clocks `json:"clocks"`
	// Purged is the rule that covers it; nil = none does.
	Purged *PurgedBy `json:"purged,omitempty"`
}

// Clocks are until when an entry serves what. A soft purge is taken into account.
type Clocks struct {
	Fresh      Moment `json:"fresh"`      // as it is
	Revalidate Moment `json:"revalidate"` // while a fill runs in the background
	IfError    Moment `json:"if_error"`   // if the source fails
	Keep       Moment `json:"keep"`       // for a conditional fetch
}

// Moment is a time, and how far from CacheView.At it is: "in 34m", "5s ago"; "never" of the zero time.
type Moment struct {
	At       time.Time `json:"at"`
	Relative string    `json:"relative"`
}

// PurgedBy is a purge rule as far as an entry is concerned.
type PurgedBy struct {
	Rule     string `json:"rule"`
	Selector string `json:"selector"`
	Soft     bool   `json:"soft,omitempty"`
	At       Moment `json:"at"`
}

func moment(t, now time.Time) Moment {
	if t.IsZero() {
		return Moment{Relative: "never"}
	}
	return Moment{t.UTC(), relative(t.Sub(now))}
}

func entryView(h Held, now time.Time) *EntryView {
	m, clocks := h.Meta, h.clocks()
	v := &EntryView{
		Type: m.Type(), Length: m.Length, Width: m.Width, Height: m.Height, Frames: m.Frames, ETag: m.ETag,
		Source: m.Source, SourceVersion: m.SourceVersion, Tags: m.Tags, Cost: m.Cost.Seconds(),
		Created: moment(m.Created, now),
		Clocks: Clocks{
			Fresh: moment(clocks.Fresh, now), Revalidate: moment(clocks.Revalidate, now),
			IfError: moment(clocks.IfError, now), Keep: moment(clocks.Keep, now),
		},
	}
	if p := h.Purged; p != nil {
		v.Purged = &PurgedBy{Rule: p.ID, Selector: string(p.Selector), Soft: p.Soft, At: moment(p.At, now)}
	}
	return v
}
