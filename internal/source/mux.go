package source

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/stillroom/stillroom/internal/fault"
)

// Mux is a Source that hands each Ref to the source of its scheme.
type Mux struct {
	sources  map[string]Source
	settings map[string]string
}

var (
	_ Source = (*Mux)(nil)
	_ Stater = (*Mux)(nil)
	_ Asker  = (*Mux)(nil)
)

// NewMux returns a Mux over sources by scheme, in lower case and without "://". settings names, for
// schemes that are off, the setting that turns them on: errors hold it.
func NewMux(sources map[string]Source, settings map[string]string) *Mux {
	return &Mux{sources: maps.Clone(sources), settings: maps.Clone(settings)}
}

// Open opens ref at the source of its scheme. A scheme without one is of kind Unreachable.
func (m *Mux) Open(ctx context.Context, ref Ref, known Validators) (*Object, error) {
	src, err := m.route(ref)
	if err != nil {
		return nil, err
	}
	return src.Open(ctx, ref, known)
}

// errNoStat is prepared: each hit on a result of such a source asks once.
var errNoStat = fault.Wrap(fault.Internal, "source.stat",
	fmt.Errorf("the source tells its version only with its bytes: %w", errors.ErrUnsupported))

// Stat asks the source of ref's scheme. Where that is no Stater the cause is errors.ErrUnsupported.
func (m *Mux) Stat(ctx context.Context, ref Ref) (Validators, error) {
	src, err := m.route(ref)
	if err != nil {
		return Validators{}, err
	}
	stater, ok := src.(Stater)
	if !ok {
		return Validators{}, errNoStat
	}
	return stater.Stat(ctx, ref)
}

// Ask asks the source of ref's scheme. Where that is no Asker the cause is errors.ErrUnsupported.
func (m *Mux) Ask(ctx context.Context, ref Ref) (Validators, error) {
	src, err := m.route(ref)
	if err != nil {
		return Validators{}, err
	}
	asker, ok := src.(Asker)
	if !ok {
		return Validators{}, errNoStat
	}
	return asker.Ask(ctx, ref)
}

func (m *Mux) route(ref Ref) (Source, error) {
	scheme := ref.Scheme()
	if src, ok := m.sources[scheme]; ok {
		return src, nil
	}
	if setting, ok := m.settings[scheme]; ok {
		return nil, fault.New(fault.Unreachable, "source.route", "%s:// sources are off: set %s", scheme, setting)
	}
	return nil, fault.New(fault.Unreachable, "source.route", "no source speaks %q", scheme+"://")
}
