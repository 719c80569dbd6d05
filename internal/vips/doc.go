// Package vips makes results with libvips. It is the only package that uses cgo.
//
// The C files are a thin layer with one function for each thing done; what is done, in which order and
// with which options is decided in Go. libvips 8.14 is the oldest that works; what a build of it lacks
// is found out when an Engine is made.
//
// libvips belongs to the process: it is started by the first New, never stopped, and its settings
// (one thread for each image, no operation cache, untrusted operations blocked) are the same for every
// Engine.
package vips

// #cgo pkg-config: vips
// #cgo linux LDFLAGS: -Wl,-rpath,$ORIGIN/../lib -Wl,-rpath,$ORIGIN/../.deps/libvips/lib
// #cgo CFLAGS: -std=gnu11 -Wall -Wextra -Wno-unused-parameter
import "C"
