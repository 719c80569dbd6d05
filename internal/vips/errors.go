package vips

// #include "vips.h"
import "C"

import (
	"regexp"
	"strings"
	"unsafe"
)

// private matches what an error text must not show: addresses and paths of this machine.
var private = regexp.MustCompile(`0x[0-9a-fA-F]+|(^|[\s"'(])/[^\s"']+`)

// takeError returns what libvips complained about, fit to be shown, and makes it forget.
func takeError() string {
	text := C.sr_error()
	defer C.g_free(C.gpointer(unsafe.Pointer(text)))
	return presentable(C.GoString(text))
}

// presentable returns the first line of a libvips complaint without addresses and paths.
func presentable(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.ToValidUTF8(private.ReplaceAllString(line, "$1..."), "?")
	const enough = 200
	if len(line) > enough {
		line = strings.ToValidUTF8(line[:enough], "")
	}
	if line == "" {
		return "no reason given"
	}
	return line
}
