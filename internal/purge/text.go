package purge

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// What nodes tell each other of a rule is its time, as twenty digits of nanoseconds since 1970, and the rest as JSON:
//
//	01767366245123456789 {"id":"…","selector":"source","value":"https://…","soft":true}
//
// The same rule has the same text on every node, so that it is there once however many offer it. The time stands in
// front, and of one width, for whoever lets go of old rules without reading the rest.
const timeDigits = 20

// told is what of a rule is JSON. Bytes stands in for Value where that is not UTF-8, which JSON cannot hold.
type told struct {
	ID       string   `json:"id"`
	Selector Selector `json:"selector"`
	Value    string   `json:"value,omitempty"`
	Bytes    []byte   `json:"bytes,omitempty"`
	Soft     bool     `json:"soft,omitempty"`
}

// FormatRule returns a rule as one line of text, without an end, for other nodes. Its time is one from 1970 to 2262.
func FormatRule(r Rule) string {
	w := told{ID: r.ID, Selector: r.Selector, Value: r.Value, Soft: r.Soft}
	if !utf8.ValidString(r.Value) {
		w.Value, w.Bytes = "", []byte(r.Value)
	}
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings, bytes and a bool
	}
	return fmt.Sprintf("%0*d %s", timeDigits, r.At.UnixNano(), text)
}

// RuleTime returns the time that the text of a rule begins with, also where what follows is of a version to come.
func RuleTime(text string) (time.Time, error) {
	if len(text) <= timeDigits || text[timeDigits] != ' ' {
		return time.Time{}, errors.New("want a time of twenty digits and a space")
	}
	nanoseconds, err := strconv.ParseUint(text[:timeDigits], 10, 63)
	if err != nil {
		return time.Time{}, errors.New("want a time of twenty digits")
	}
	return time.Unix(0, int64(nanoseconds)).UTC(), nil
}

// ParseRule reads what FormatRule wrote. Whether the rule means anything is for Ledger.Merge to say.
func ParseRule(text string) (Rule, error) {
	at, err := RuleTime(text)
	if err != nil {
		return Rule{}, err
	}
	var w told
	if err := json.Unmarshal([]byte(text[timeDigits+1:]), &w); err != nil {
		return Rule{}, err
	}
	if w.ID == "" {
		return Rule{}, errors.New("want an id")
	}
	r := Rule{ID: w.ID, Selector: w.Selector, Value: w.Value, Soft: w.Soft, At: at}
	if w.Bytes != nil {
		r.Value = string(w.Bytes)
	}
	return r, nil
}
