package object

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/stillroom/stillroom/internal/cache"
)

// layout is the version of what stands in an object and its metadata beside the meta.
const layout = 1

// objectName returns the name of a key's object below the prefix: "v1.1/ab/abcd...". The versions of the layout and of the
// meta are part of it, so that nodes of two versions of Stillroom on one bucket keep out of each other's way in place of
// deleting what they cannot read. The first byte of the key spreads the names over partitions, and over folders where
// objects are files.
func objectName(key cache.Key) string {
	b := make([]byte, 0, 80)
	b = append(b, 'v')
	b = strconv.AppendInt(b, layout, 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, cache.MetaVersion, 10)
	b = append(b, '/')
	b = hex.AppendEncode(b, key[:1])
	b = append(b, '/')
	return string(hex.AppendEncode(b, key[:]))
}

// folder returns a prefix that ends in a slash; empty stays empty.
func folder(prefix string) string {
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return ""
	}
	return prefix + "/"
}
