package purge

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
	"unicode/utf8"
)

// A ledger's file is text, one JSON object a line, so that it can be read with the tools at hand:
//
//	{"crc32c":"…","head":{"file":"stillroom purge ledger","version":1,"retention":"8928h0m0s"}}
//	{"crc32c":"…","rule":{"id":"…","selector":"source","value":"https://…","at":"2026-01-02T15:04:05.123456789Z"}}
//
// The checksum is that of the bytes of head or rule as they stand in the line.
type line struct {
	CRC32C string          `json:"crc32c"`
	Head   json.RawMessage `json:"head,omitempty"`
	Rule   json.RawMessage `json:"rule,omitempty"`
}

const (
	fileName    = "stillroom purge ledger"
	fileVersion = 1
	// maxLine holds a rule whose value and ID are of the greatest length and escaped throughout, as \u00xx.
	maxLine = 6*2*maxValue + 1024
)

// head says what a file is.
type head struct {
	File    string `json:"file"`
	Version int    `json:"version"`
	// Retention is the longest that the file was ever opened with: entries of a time when they lived longer may still
	// be there after the operator has shortened their lives.
	Retention string `json:"retention"`
}

// written is a rule in a file. Bytes stands in for Value where that is not UTF-8, which JSON cannot hold: a source
// reference may be any bytes.
type written struct {
	ID       string    `json:"id"`
	Selector Selector  `json:"selector"`
	Value    string    `json:"value,omitempty"`
	Bytes    []byte    `json:"bytes,omitempty"`
	At       time.Time `json:"at"`
	Soft     bool      `json:"soft,omitempty"`
}

func appendHead(b []byte, retention time.Duration) ([]byte, error) {
	content, err := json.Marshal(head{fileName, fileVersion, retention.String()})
	if err != nil {
		return nil, err
	}
	return appendLine(b, line{CRC32C: checksum(content), Head: content})
}

func appendRule(b []byte, r *Rule) ([]byte, error) {
	w := written{ID: r.ID, Selector: r.Selector, Value: r.Value, At: r.At, Soft: r.Soft}
	if !utf8.ValidString(r.Value) {
		w.Value, w.Bytes = "", []byte(r.Value)
	}
	content, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	return appendLine(b, line{CRC32C: checksum(content), Rule: content})
}

func appendLine(b []byte, l line) ([]byte, error) {
	text, err := json.Marshal(l)
	return append(append(b, text...), '\n'), err
}

// The table of crc32.MakeTable is made once and shared.
func checksum(content []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)))
}

// contents is what a file holds.
type contents struct {
	rules     []*Rule
	retention time.Duration
	size      int64 // of the whole lines
	damaged   int   // whole lines that are neither what was written nor cut off
	tail      bool  // bytes after the last whole line
}

// errForeign says that a file is no ledger of a version that is understood.
var errForeign = errors.New("want a file whose first line is the head of a " + fileName + " of version 1")

// read reads a file. An empty one holds nothing. What follows the last line end is left out: it is an append that
// was cut off, so nobody was told that its rule is kept.
func read(from io.Reader) (contents, error) {
	var c contents
	lines := bufio.NewReaderSize(from, maxLine)
	for first := true; ; first = false {
		text, err := lines.ReadSlice('\n')
		long := false
		for errors.Is(err, bufio.ErrBufferFull) {
			long = true
			c.size += int64(len(text))
			text, err = lines.ReadSlice('\n')
		}
		switch {
		case errors.Is(err, io.EOF):
			c.tail = len(text) > 0 || long
			if first && c.tail {
				return contents{}, errForeign // heads are never appended, so this one was not cut off
			}
			return c, nil
		case err != nil:
			return contents{}, err
		}
		c.size += int64(len(text))
		if first {
			if c.retention, err = parseHead(text); err != nil || long {
				return contents{}, errForeign
			}
			continue
		}
		if r, err := readRule(text); err != nil || long {
			c.damaged++
		} else {
			c.rules = append(c.rules, r)
		}
	}
}

func parseHead(text []byte) (time.Duration, error) {
	var l line
	var h head
	if err := json.Unmarshal(text, &l); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(l.Head, &h); err != nil {
		return 0, err
	}
	if l.CRC32C != checksum(l.Head) || h.File != fileName || h.Version != fileVersion {
		return 0, errForeign
	}
	return time.ParseDuration(h.Retention)
}

func readRule(text []byte) (*Rule, error) {
	var l line
	var w written
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(l.Rule, &w); err != nil {
		return nil, err
	}
	if l.CRC32C != checksum(l.Rule) {
		return nil, errors.New("checksum")
	}
	r := Rule{ID: w.ID, Selector: w.Selector, Value: w.Value, At: w.At.Round(0).UTC(), Soft: w.Soft}
	if w.Bytes != nil {
		r.Value = string(w.Bytes)
	}
	r, err := r.check("purge.read")
	if err == nil && (r.ID == "" || len(r.ID) > maxValue || r.At.IsZero()) {
		err = errors.New("id or time is missing")
	}
	return &r, err
}
