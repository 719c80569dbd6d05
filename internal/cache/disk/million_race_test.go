//go:build race

package disk

// The race detector makes everything take ten times as long, and what is measured here is not what it looks for.
const million = 1 << 17
