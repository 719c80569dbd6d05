package purge

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// Open returns the ledger that a file holds, and keeps it there: a rule that Add has returned without an error is in
// force after a restart, a crash or a loss of power. A file that is not there is made, its folder too; one that another
// process uses, or that is no ledger, is an error. retention is as with NewMemory; the longest that the file was ever
// opened with counts.
//
// An append that was cut off is forgotten: nobody was told that it is kept. A line that is damaged in any other way
// held a purge of what nobody knows any more, so everything is purged in its place: slower, never wrong. See Lost.
func Open(path string, retention time.Duration) (*Ledger, error) {
	name := filepath.Base(path)
	d, err := openDisk(filepath.Dir(path), name)
	if err != nil {
		return nil, fmt.Errorf("purge ledger %s: %w", path, err)
	}
	l, err := open(d, name, retention, time.Now)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("purge ledger %s: %w", path, err), d.close())
	}
	return l, nil
}

func open(in folder, name string, retention time.Duration, now func() time.Time) (*Ledger, error) {
	held, absent, err := load(in, name)
	if err != nil {
		return nil, err
	}
	if !absent {
		retention = longer(retention, held.retention)
	}
	l := NewMemory(retention)
	l.Now = now
	l.lost = held.damaged
	l.journal = &journal{in: in, name: name, retention: l.retention}

	var s *snapshot
	for _, r := range held.rules {
		s = s.with(r)
	}
	if held.damaged > 0 {
		everything := &Rule{ID: rand.Text(), Selector: All, At: now().Round(0).UTC()}
		if s != nil && !everything.At.After(s.newest) {
			everything.At = s.newest.Add(1)
		}
		s = s.with(everything)
	}
	if s != nil {
		l.current.Store(s)
	}
	if dropped := l.drop(); absent || dropped || held.damaged > 0 || retention != held.retention {
		err := l.journal.rewrite(l.current.Load().held())
		if err == nil || absent {
			return l, err
		}
		// A full disk should not keep the server from starting: the old file says the same in more words.
	}
	return l, l.journal.resume(held.size)
}

// longer returns the longer of two retentions, of which 0 is the longest.
func longer(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

func load(in folder, name string) (c contents, absent bool, err error) {
	f, err := in.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return contents{}, true, nil
	}
	if err != nil {
		return contents{}, false, err
	}
	defer f.Close()
	c, err = read(f)
	return c, c.size == 0, err
}

// journal is a ledger's file. Whoever changes the ledger calls it, one at a time.
type journal struct {
	in        folder
	name      string
	retention time.Duration

	out  file // at the end of the last whole line; nil = not open yet
	torn bool // what the file ends with is unknown: an append failed
	done bool // closed for good
}

var errClosed = errors.New("the ledger is closed")

// resume goes on after the first size bytes of the file.
func (j *journal) resume(size int64) (err error) {
	j.out, err = j.in.extend(j.name, size)
	j.torn = err != nil
	return err
}

// append writes rules so that they last. all is every rule, these included: after an append that failed the
// file is written anew, because what of it reached the disk cannot be known, not even by syncing again (Linux drops what it
// failed to write).
func (j *journal) append(rules, all []*Rule) error {
	if j.done {
		return errClosed
	}
	if j.torn {
		return j.rewrite(all)
	}
	var text []byte
	var err error
	for _, r := range rules {
		if text, err = appendRule(text, r); err != nil {
			return err
		}
	}
	if _, err = j.out.Write(text); err == nil {
		err = j.out.Sync()
	}
	j.torn = err != nil
	return err
}

// rewrite replaces the file by one with the given rules. Until that lasts, the old one does.
func (j *journal) rewrite(rules []*Rule) error {
	if j.done {
		return errClosed
	}
	j.torn = true // until the new file stands in its place
	temporary := j.name + ".new"
	out, err := j.in.create(temporary)
	if err != nil {
		return err
	}
	if err = j.fill(out, rules); err == nil {
		err = j.in.rename(temporary, j.name)
	}
	if err != nil {
		return errors.Join(err, out.Close())
	}
	if j.out != nil {
		_ = j.out.Close() // nothing of it is needed any more
	}
	j.out = out
	if err := j.in.sync(); err != nil {
		return err
	}
	j.torn = false
	return nil
}

// fill writes a whole file so that it lasts.
func (j *journal) fill(out file, rules []*Rule) error {
	text, err := appendHead(nil, j.retention)
	w := bufio.NewWriter(out)
	for _, r := range rules {
		if err != nil {
			return err
		}
		if _, err = w.Write(text); err == nil {
			text, err = appendRule(text[:0], r)
		}
	}
	if err != nil {
		return err
	}
	if _, err = w.Write(text); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Sync()
}

func (j *journal) close() error {
	if j.done {
		return nil
	}
	j.done = true
	var err error
	if j.out != nil {
		err = j.out.Close()
	}
	return errors.Join(err, j.in.close())
}
