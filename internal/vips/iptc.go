package vips

import (
	"bytes"
	"encoding/binary"
)

// ownerIPTC returns of an IPTC block only the fields that say who owns the image, nil when there are
// none: byline (2:80), credit (2:110) and copyright (2:116), with the character set (1:90) they are in.
// It reads plain IPTC as well as Photoshop's wrapping of it, and writes the latter, as JPEG wants.
func ownerIPTC(block []byte) []byte {
	var kept, charset []byte
	for rest := plainIPTC(block); len(rest) >= 5 && rest[0] == 0x1c; {
		size := 5 + int(binary.BigEndian.Uint16(rest[3:]))
		if size > len(rest) || rest[3]&0x80 != 0 { // cut off, or an extended length, which text never needs
			break
		}
		switch [2]byte{rest[1], rest[2]} {
		case [2]byte{1, 90}:
			charset = rest[:size]
		case [2]byte{2, 80}, [2]byte{2, 110}, [2]byte{2, 116}:
			kept = append(kept, rest[:size]...)
		}
		rest = rest[size:]
	}
	if kept == nil {
		return nil
	}
	kept = append(bytes.Clone(charset), kept...)
	out := append([]byte(photoshop), resource+"\x04\x04\x00\x00"...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(kept)))
	out = append(out, kept...)
	if len(kept)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

const (
	photoshop = "Photoshop 3.0\x00"
	resource  = "8BIM"
	iptcID    = 0x0404
)

// plainIPTC returns the IPTC records of a block, unwrapped if need be; nil when there are none.
func plainIPTC(block []byte) []byte {
	rest, wrapped := bytes.CutPrefix(block, []byte(photoshop))
	if !wrapped && !bytes.HasPrefix(rest, []byte(resource)) {
		return block
	}
	// A resource is its signature, a number, a name, a length and data; name and data are padded to be even.
	for len(rest) >= 12 && bytes.HasPrefix(rest, []byte(resource)) {
		id := binary.BigEndian.Uint16(rest[4:])
		at := 6 + (int(rest[6])+2)&^1
		if at+4 > len(rest) {
			return nil
		}
		size := int64(binary.BigEndian.Uint32(rest[at:]))
		rest = rest[at+4:]
		if size > int64(len(rest)) {
			return nil
		}
		if id == iptcID {
			return rest[:size]
		}
		rest = rest[min((size+1)&^1, int64(len(rest))):]
	}
	return nil
}
