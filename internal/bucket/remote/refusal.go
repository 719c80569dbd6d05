package remote

import (
	"encoding/json"
	"strings"
)

// Refusal is all that can be told of what stands in the answer of somebody who gives no token, beside its status: the word
// that RFC 6749, section 5.2, has for the reason, such as invalid_grant; empty = none. The text may quote what was asked.
func Refusal(body []byte) string {
	var said struct{ Error string }
	if json.Unmarshal(body, &said) != nil || len(said.Error) > 64 || strings.Trim(said.Error, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return said.Error
}
