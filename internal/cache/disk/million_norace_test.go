//go:build !race

package disk

const million = 1 << 20
