package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

const (
	// maxMessage bounds a message, in bytes: a page of the longest rules there can be has less than half of it.
	maxMessage = 64 << 20
	// maxElements bounds an array and maxDepth how many stand in one another. Our answers have a thousand, and two.
	maxElements = 64 << 10
	maxDepth    = 8
	// maxLine bounds a line, which is a status, an error or a length; maxWord what is kept of the first element of an array.
	maxLine = 64 << 10
	maxWord = 16
)

// errProtocol is the cause why what a server sends is not understood. Each says more.
var errProtocol = errors.New("the server breaks the protocol")

// frame is what of a message matters here.
type frame struct {
	kind  byte   // its first byte
	size  int    // of an array: how many elements it has
	first string // of an array: its first element, cut off, if that is a text
}

// frames finds the messages in a stream of RESP2. The zero value is at the beginning of one.
type frames struct {
	line  []byte // of the line under way
	bulk  int    // bytes that are left of the string under way, its end included
	left  []int  // how many elements are left of the arrays under way, outermost first
	total int    // bytes of the message so far
	at    frame
	first bool // the string under way is the first element of the outermost array
}

// feed takes the next bytes and tells of each message that ends in them. Its errors are errProtocol, or seen's; there is no
// going on after one.
func (f *frames) feed(b []byte, seen func(frame) error) error {
	for len(b) > 0 {
		n, err := f.step(b)
		if err != nil {
			return err
		}
		b = b[n:]
		if f.total += n; f.total > maxMessage {
			return fmt.Errorf("%w: a message has more than %d bytes", errProtocol, maxMessage)
		}
		if f.bulk == 0 && len(f.line) == 0 && len(f.left) == 0 {
			at := f.at
			*f = frames{line: f.line, left: f.left}
			if err := seen(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// step takes a part of some bytes, of which there is one at least, and returns how many.
func (f *frames) step(b []byte) (n int, err error) {
	if f.bulk > 0 {
		n = min(f.bulk, len(b))
		if f.first {
			text := b[:max(0, min(n, f.bulk-2, maxWord-len(f.at.first)))] // without the end
			f.at.first += string(text)
		}
		if f.bulk -= n; f.bulk == 0 {
			f.ended()
		}
		return n, nil
	}
	end := bytes.IndexByte(b, '\n')
	if n = end + 1; n == 0 {
		n = len(b)
	}
	if f.line = append(f.line, b[:n]...); len(f.line) > maxLine {
		return 0, fmt.Errorf("%w: a line has more than %d bytes", errProtocol, maxLine)
	}
	if end < 0 {
		return n, nil
	}
	err = f.begin(f.line)
	f.line = f.line[:0]
	return n, err
}

// begin takes a line, which is an element or the beginning of one.
func (f *frames) begin(line []byte) error {
	text, whole := bytes.CutSuffix(line, []byte("\r\n"))
	if !whole || len(text) == 0 {
		return fmt.Errorf("%w: a line is %.40q", errProtocol, line)
	}
	kind := text[0]
	outermost := len(f.left) == 0
	if outermost {
		f.at = frame{kind: kind}
	}
	f.first = len(f.left) == 1 && f.left[0] == f.at.size
	switch kind {
	case '+', '-', ':':
		if f.first {
			f.at.first = string(text[1:min(len(text), 1+maxWord)])
		}
		f.ended()
		return nil
	case '$', '*':
	default:
		return fmt.Errorf("%w: a message begins with %.40q", errProtocol, line)
	}
	most := maxMessage
	if kind == '*' {
		most = maxElements
	}
	size, err := strconv.Atoi(string(text[1:]))
	if err != nil || size < -1 || size > most {
		return fmt.Errorf("%w: a length is %.40q, want -1 to %d", errProtocol, text[1:], most)
	}
	switch {
	case kind == '$' && size >= 0:
		f.bulk = size + len("\r\n")
	case kind == '*' && size > 0:
		if outermost {
			f.at.size = size
		}
		if f.left = append(f.left, size); len(f.left) > maxDepth {
			return fmt.Errorf("%w: arrays are %d deep, want %d at most", errProtocol, len(f.left), maxDepth)
		}
	default: // null, or an empty array
		f.ended()
	}
	return nil
}

// ended counts an element, and the arrays that end with it.
func (f *frames) ended() {
	f.first = false
	for n := len(f.left); n > 0; n-- {
		if f.left[n-1]--; f.left[n-1] > 0 {
			return
		}
		f.left = f.left[:n-1]
	}
}
