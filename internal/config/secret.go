package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Hex is a secret of some bytes, written in hex.
type Hex []byte

// UnmarshalText reads an even number of hex digits. Its error does not repeat them.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(b) == 0 {
		return errors.New("want an even number of hex digits (0-9, a-f), got " + describeHex(string(text)))
	}
	*h = b
	return nil
}

// describeHex says what is wrong with a secret without repeating it.
func describeHex(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }); i >= 0 {
		return fmt.Sprintf("something else at character %d", i+1)
	}
	return fmt.Sprintf("%d of them", len(text))
}

// Text returns the hex digits, for those that configure with text.
func (h Hex) Text() string { return hex.EncodeToString(h) }

// String masks the secret, so that printing a Config does not tell it.
func (h Hex) String() string {
	if len(h) == 0 {
		return ""
	}
	return mask
}

// mask stands in for a secret wherever values are shown.
const mask = "***"

// HexList is a list of secrets in hex, written with commas.
type HexList []Hex

// UnmarshalText reads the list. Unlike a List's, its elements count by position, so none may be empty.
func (l *HexList) UnmarshalText(text []byte) error {
	*l = nil
	for i, item := range strings.Split(string(text), ",") {
		var h Hex
		if err := h.UnmarshalText([]byte(item)); err != nil {
			return fmt.Errorf("element %d: %w", i+1, err)
		}
		*l = append(*l, h)
	}
	return nil
}

// Texts returns the hex digits of each element.
func (l HexList) Texts() []string {
	texts := make([]string, len(l))
	for i, h := range l {
		texts[i] = h.Text()
	}
	return texts
}

// String masks the secrets; it shows how many there are.
func (l HexList) String() string {
	masks := make([]string, len(l))
	for i, h := range l {
		masks[i] = h.String()
	}
	return strings.Join(masks, ",")
}
