package filesystem

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
)

// Put writes a file of another name in the same folder and gives it the right one at the end. The bytes are on the disk by
// then: after a crash the object is the old one, the new one or none, but never half of one.
func (b *folder) Put(ctx context.Context, key string, content io.ReadSeeker, size int64, options bucket.PutOptions) (bucket.Info, error) {
	const op = "filesystem.put"
	if err := bucket.CheckPut(op, key, content, size, options); err != nil {
		return bucket.Info{}, err
	}
	object, err := b.path(ctx, op, key)
	if err != nil {
		return bucket.Info{}, err
	}
	if err := b.exists(); err != nil {
		return bucket.Info{}, failure(op, key, err)
	}
	for try := 0; ; try++ {
		var info bucket.Info
		f, err := b.begin(object)
		if err != nil {
			err = inTheWay(err)
		} else {
			info, err = b.write(ctx, f, object, content, options)
		}
		switch {
		case err == nil:
			return info, nil
		case errors.Is(err, fs.ErrNotExist) && try < tries: // the folder went while it was empty
			if _, err := content.Seek(0, io.SeekStart); err != nil {
				return bucket.Info{}, failure(op, key, err)
			}
			continue
		case ctx.Err() != nil:
			return bucket.Info{}, ended(ctx, op, key)
		case errors.Is(err, fs.ErrExist) && options.IfAbsent:
			return bucket.Info{}, bucket.Answered(op, key, 412, "", true)
		}
		return bucket.Info{}, failure(op, key, inTheWay(err))
	}
}

// exists makes sure that there is a folder for the bucket.
func (b *folder) exists() error {
	if b.create {
		return b.root.MkdirAll(b.name, 0o755)
	}
	_, err := b.root.Stat(b.name)
	return err
}

// begin makes a file in the folder where the object is going to be.
func (b *folder) begin(object string) (*os.File, error) {
	parent := path.Dir(object)
	if parent != b.name {
		err := b.root.MkdirAll(parent, 0o755)
		if errors.Is(err, fs.ErrExist) { // there was something: an object, or a folder that has gone by now
			if stat, statErr := b.root.Stat(parent); errors.Is(statErr, fs.ErrNotExist) || statErr == nil && stat.IsDir() {
				err = statErr
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return b.root.OpenFile(parent+"/"+hidden+"new-"+rand.Text(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// write fills f, which it closes, and makes it the object at a path. f is gone where that fails.
func (b *folder) write(ctx context.Context, f *os.File, object string, content io.Reader, options bucket.PutOptions) (info bucket.Info, err error) {
	temporary := path.Dir(object) + "/" + path.Base(f.Name())
	var stat fs.FileInfo
	defer func() {
		if err != nil {
			err = errors.Join(err, b.clear(temporary))
		}
		if err != nil && stat != nil {
			err = errors.Join(err, b.clear(beside(object, version(stat))))
		}
	}()
	stat, err = b.fill(ctx, f, temporary, content)
	if err == nil {
		w := words{version(stat), options.ContentType, options.CacheControl, options.Metadata}
		if err = b.keep(f, object, w); err != nil {
			err = fmt.Errorf("what is said about the object: %w", err)
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return bucket.Info{}, err
	}
	info = brief(stat)
	info.ContentType, info.CacheControl, info.Metadata = options.ContentType, options.CacheControl, options.Metadata
	return info, b.publish(temporary, object, options.IfAbsent)
}

// fill copies content into f and returns what the file system says about it then.
func (b *folder) fill(ctx context.Context, f *os.File, name string, content io.Reader) (fs.FileInfo, error) {
	if _, err := io.Copy(f, &whileWanted{ctx, content}); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	now := time.Now()
	if err := b.root.Chtimes(name, now, now); err != nil {
		return nil, err
	}
	return f.Stat()
}

// publish gives a file its right name.
func (b *folder) publish(temporary, object string, ifAbsent bool) error {
	defer b.lock(object)()
	if ifAbsent {
		// Unlike a rename, a link never replaces anything.
		if err := b.root.Link(temporary, object); err != nil {
			if there, statErr := b.root.Stat(object); statErr == nil && there.IsDir() {
				return errConflict
			}
			return err
		}
		return b.root.Remove(temporary)
	}
	before, err := b.root.Stat(object)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := b.root.Rename(temporary, object); err != nil {
		return err
	}
	if before == nil {
		return nil
	}
	return b.clear(beside(object, version(before)))
}

// Delete removes the file, and the folders above it that are empty then: they are no objects, and would keep one from
// taking their name. What is no folder there stays: another object whose key this one only continues, or a link to a folder,
// which somebody else has made.
func (b *folder) Delete(ctx context.Context, key string) error {
	const op = "filesystem.delete"
	object, err := b.path(ctx, op, key)
	if err != nil {
		return err
	}
	defer b.lock(object)()
	before, err := b.root.Stat(object)
	if err == nil && before.IsDir() {
		return nil // no object
	}
	if err == nil {
		err = b.root.Remove(object)
	}
	if err == nil {
		err = b.root.Remove(beside(object, version(before)))
	}
	if err != nil && !absent(err) {
		return failure(op, key, err)
	}
	for parent := path.Dir(object); parent != b.name; parent = path.Dir(parent) {
		if stat, err := b.root.Lstat(parent); err != nil || !stat.IsDir() || b.root.Remove(parent) != nil {
			break // not empty, as a rule
		}
	}
	return nil
}

// whileWanted reads as long as somebody waits.
type whileWanted struct {
	ctx context.Context
	in  io.Reader
}

func (r *whileWanted) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// inTheWay returns an error that says so where a folder has the name of an object or an object that of a folder.
func inTheWay(err error) error {
	for _, number := range [...]syscall.Errno{syscall.EISDIR, syscall.ENOTDIR, syscall.EEXIST, syscall.ENOTEMPTY} {
		if errors.Is(err, number) {
			return errConflict
		}
	}
	return err
}

// clear removes a file of our own where there is one.
func (o *Opener) clear(name string) error {
	if err := o.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
