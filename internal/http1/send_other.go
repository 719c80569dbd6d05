//go:build !linux

package http1

import "os"

func (c *conn) sendFile(head []byte, f *os.File, off, n int64) (int64, error) {
	return c.copyFile(head, f, off, n)
}
