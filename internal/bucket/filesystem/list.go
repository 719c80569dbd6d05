package filesystem

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/stillroom/stillroom/internal/bucket"
)

// List walks the folders that can hold what is asked for. It does not follow links to folders, which may lead in
// circles.
func (b *folder) List(ctx context.Context, prefix, after string, limit int, visit func(string, bucket.Info) bool) error {
	const op = "filesystem.list"
	if ctx.Err() != nil {
		return ended(ctx, op, prefix)
	}
	if limit <= 0 {
		limit = -1
	}
	w := &walk{folder: b, ctx: ctx, prefix: prefix, after: after, left: limit, visit: visit}
	err := w.below("")
	switch {
	case err == nil, errors.Is(err, errEnough):
		return nil
	case ctx.Err() != nil:
		return ended(ctx, op, prefix)
	}
	return failure(op, "listing "+prefix, err)
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

type walk struct {
	*folder
	ctx           context.Context
	prefix, after string
	left          int // objects that are still wanted; negative = all
	visit         func(string, bucket.Info) bool
}

// below visits what is in a folder, whose key is empty or ends in a slash.
func (w *walk) below(key string) error {
	names, err := w.read(key)
	if err != nil {
		if key != "" && errors.Is(err, fs.ErrNotExist) {
			return nil // it went meanwhile
		}
		return err
	}
	for _, name := range names {
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		key := key + name
		isFolder := strings.HasSuffix(name, "/")
		switch {
		case isFolder && (strings.HasPrefix(key, w.prefix) || strings.HasPrefix(w.prefix, key)) &&
			(key > w.after || strings.HasPrefix(w.after, key)):
			err = w.below(key)
		case !isFolder && strings.HasPrefix(key, w.prefix) && key > w.after:
			err = w.object(key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read returns the names in a folder as their keys continue, in order: that of a folder has its slash, so that "a/b" comes
// behind "a.b" as it has to.
func (w *walk) read(key string) ([]string, error) {
	f, err := w.root.Open(path.Join(w.name, key))
	if err != nil {
		return nil, err
	}
	entries, err := f.ReadDir(-1)
	_ = f.Close() // it was read only
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, hidden):
			continue
		case entry.IsDir():
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, err
}

func (w *walk) object(key string) error {
	stat, err := w.root.Stat(w.name + "/" + key)
	if err != nil || !stat.Mode().IsRegular() {
		return nil //nolint:nilerr // it went meanwhile, or is no object: a link that leads out, a pipe
	}
	if w.left == 0 {
		return errEnough
	}
	if w.left--; !w.visit(key, brief(stat)) || w.left == 0 {
		return errEnough
	}
	return nil
}
