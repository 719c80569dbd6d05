package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/stillroom/stillroom/internal/purge"
)

// Order is what a purge is asked to do. As JSON it is {"source": "https://…"}, with "url", "tag", "prefix" or "all":
// true in place of "source", and "soft" and "dry_run" beside it.
type Order struct {
	Selector purge.Selector
	Value    string // empty with purge.All; a path or URL with purge.URL
	Soft     bool
	DryRun   bool
}

// MarshalJSON writes what parseOrder reads.
func (o Order) MarshalJSON() ([]byte, error) {
	fields := map[string]any{string(o.Selector): o.Value}
	if o.Selector == purge.All {
		fields[string(purge.All)] = true
	}
	if o.Soft {
		fields["soft"] = true
	}
	if o.DryRun {
		fields["dry_run"] = true
	}
	return json.Marshal(fields)
}

// parseOrder reads an order. It goes by tokens because json.Unmarshal takes the last of two fields of one name and any
// case of it: an order must not do less than it says. Errors name the field.
func parseOrder(body []byte) (Order, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Order{}, errors.New(`body: want a JSON object such as {"source": "https://…"}`)
	}
	var o Order
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return Order{}, badJSON(err)
		}
		name := t.(string) // the decoder takes nothing else for a name
		if seen[name] {
			return Order{}, fmt.Errorf("%s: want it once, got it twice", name)
		}
		seen[name] = true
		if t, err = d.Token(); err != nil {
			return Order{}, badJSON(err)
		}
		if err := o.set(name, t); err != nil {
			return Order{}, err
		}
	}
	if _, err := d.Token(); err != nil {
		return Order{}, badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Order{}, errors.New("body: want one JSON object, got more behind it")
	}
	if o.Selector == "" {
		return Order{}, errors.New(`want one of url, source, tag, prefix, or "all": true`)
	}
	return o, nil
}

func badJSON(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("body: want a JSON object: %w", err)
}

// set takes one field of an order.
func (o *Order) set(name string, value json.Token) error {
	switch selector := purge.Selector(name); selector {
	case purge.URL, purge.Source, purge.Tag, purge.Prefix:
		text, ok := value.(string)
		if !ok || text == "" {
			return fmt.Errorf("%s: want a text that is not empty, got %s", name, kind(value))
		}
		o.Value = text
		return o.choose(selector)
	case purge.All:
		if value != true {
			return fmt.Errorf("all: want true, got %s", kind(value))
		}
		return o.choose(selector)
	}
	on, ok := value.(bool)
	switch name {
	case "soft":
		o.Soft = on
	case "dry_run":
		o.DryRun = on
	default:
		return fmt.Errorf("%s: unknown field, want url, source, tag, prefix, all, soft, dry_run", name)
	}
	if !ok {
		return fmt.Errorf("%s: want true or false, got %s", name, kind(value))
	}
	return nil
}

// choose sets the selector, of which there is one.
func (o *Order) choose(s purge.Selector) error {
	if o.Selector != "" {
		return fmt.Errorf("%s: want one of url, source, tag, prefix and all, got %s as well", s, o.Selector)
	}
	o.Selector = s
	return nil
}

// kind describes a value without repeating it: it may hold a credential.
func kind(value json.Token) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case string:
		if v == "" {
			return "an empty one"
		}
		return "a text"
	case json.Delim:
		if v == '[' {
			return "a list"
		}
		return "an object"
	}
	return "a number"
}
