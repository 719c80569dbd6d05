package fleet

import (
	"context"
	"slices"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// run keeps ledger and log alike.
func (p *Purges) run() {
	ctx := p.client.ctx
	ticks := time.NewTicker(p.Interval)
	defer ticks.Stop()
	for ctx.Err() == nil {
		select {
		case <-p.client.circuit.whenClosed():
		case <-ctx.Done():
			return
		}
		if err := p.sync(ctx); err == nil {
			tell(p.synced)
		} else if ctx.Err() == nil {
			p.client.log.Debug("purges cannot be shared at the moment", "error", p.client.redacted(err))
		}
		select {
		case <-p.wake:
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
}

// sync reads what is new in the log and writes what is not in it.
func (p *Purges) sync(ctx context.Context) error {
	p.mu.Lock()
	overflow := p.overflow
	p.mu.Unlock()
	if overflow > 0 {
		p.reader.forget()
	}
	seen, whole, err := p.reader.advance(ctx) // forgets again if it fails
	if err != nil {
		return err
	}
	p.known.Store(true)
	missing := p.confirm(seen)
	if whole {
		missing = p.adopt(seen, overflow)
	}
	if err := p.offer(ctx, missing); err != nil {
		return err // what was left out is pending, or too much for that
	}
	p.complained = false
	return nil
}

// confirm lets go of what is pending and was read in the log, or is too old for it, and returns the rest.
func (p *Purges) confirm(seen map[string]struct{}) []purge.Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = p.missing(p.pending, seen)
	return slices.Clone(p.pending)
}

// adopt returns what the ledger holds and the whole log does not. It pends from now on, if there is room for it; if not, the
// next round reads the whole log again. overflow is how often there was too much before the log was read.
func (p *Purges) adopt(seen map[string]struct{}, overflow int) []purge.Rule {
	missing := p.missing(p.Ledger.Rules(), seen) // taken after reading, so all that is pending is among them
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(missing) > maxPending:
		p.overflow = max(p.overflow, 1)
	case p.overflow == overflow:
		p.overflow = 0
		pending := make(map[string]bool, len(p.pending))
		for _, r := range p.pending {
			pending[r.ID] = true
		}
		for _, r := range missing {
			if !pending[r.ID] {
				p.pending = append(p.pending, r)
			}
		}
	}
	return missing
}

// missing returns those of some rules that were not seen in the log and are not too old for it.
func (p *Purges) missing(rules []purge.Rule, seen map[string]struct{}) []purge.Rule {
	oldest := p.oldest()
	return slices.DeleteFunc(rules, func(r purge.Rule) bool {
		_, there := seen[r.ID]
		return there || r.At.Before(oldest) // ledgers let go of what is too old when the next rule comes, the log at once
	})
}

func (p *Purges) oldest() time.Time {
	if p.Retention <= 0 {
		return time.Time{}
	}
	return p.Now().Add(-p.Retention)
}
