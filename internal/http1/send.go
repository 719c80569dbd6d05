package http1

import (
	"io"
	"os"
)

// copyFile sends a head and n bytes of a file from off on by what the socket has for that.
func (c *conn) copyFile(head []byte, f *os.File, off, n int64) (int64, error) {
	if _, err := c.socket.Write(head); err != nil {
		return 0, err
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	sent, err := io.Copy(c.socket, &io.LimitedReader{R: f, N: n})
	if err == nil && sent < n {
		err = io.ErrUnexpectedEOF
	}
	return sent, err
}
