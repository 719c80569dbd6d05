package board

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/stillroom/stillroom/internal/purge"
)

// An object is text, a rule a line, between a heading and a checksum of all that is before it:
//
//	stillroom purges 1
//	01767366245123456789 {"id":"…","selector":"source","value":"https://…"}
//	crc32c 0a1b2c3d
//
// A version that writes anything else into it raises the number: versions that do not know it purge everything then,
// instead of taking a rule for another one.
const (
	heading = "stillroom purges 1\n"
	// endSize is the length of the line with the checksum.
	endSize = len("crc32c 00000000\n")
	// maxContent bounds an object, in bytes. Boards write much less.
	maxContent = 32 << 20
)

// errForeign is the cause why an object is not understood. Each says more.
var errForeign = errors.New("it is not what a board of this version writes")

func foreign(message string, args ...any) error {
	return fmt.Errorf("%w: "+message, append([]any{errForeign}, args...)...)
}

func encode(rules []purge.Rule) []byte {
	b := bytes.NewBufferString(heading)
	for _, r := range rules {
		b.WriteString(purge.FormatRule(r))
		b.WriteByte('\n')
	}
	return append(b.Bytes(), ending(b.Bytes())...)
}

// ending returns the line with the checksum. The table of crc32.MakeTable is made once and shared.
func ending(text []byte) string {
	return fmt.Sprintf("crc32c %08x\n", crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
}

// decode reads what encode wrote, all of it or nothing. Its errors are errForeign.
func decode(content []byte) ([]purge.Rule, error) {
	text, ours := bytes.CutPrefix(content, []byte(heading))
	if !ours {
		return nil, foreign("want %q as its first line", strings.TrimSpace(heading))
	}
	if len(text) < endSize {
		return nil, foreign("it is cut off")
	}
	end := len(content) - endSize
	if want := ending(content[:end]); string(content[end:]) != want {
		return nil, foreign("want %q as its last line", strings.TrimSpace(want))
	}
	var rules []purge.Rule
	for line := range strings.Lines(string(text[:len(text)-endSize])) {
		r, err := purge.ParseRule(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, foreign("rule %d: %w", len(rules)+1, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func isForeign(err error) bool { return errors.Is(err, errForeign) }
