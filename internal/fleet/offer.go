package fleet

import (
	"context"
	"errors"

	"github.com/stillroom/stillroom/internal/purge"
)

// offer writes rules to the log. Those that are there already stay where they are.
func (p *Purges) offer(ctx context.Context, rules []purge.Rule) error {
	var texts []string
	size := 0
	flush := func() error {
		if len(texts) == 0 {
			return nil
		}
		epoch, err := p.log.Offer(ctx, p.oldest(), texts)
		if errors.Is(err, errFull) {
			return p.renew(ctx, epoch)
		}
		if err == nil {
			p.client.observer.Written(len(texts))
		}
		if err == nil && epoch != p.reader.epoch && !p.reader.begun(epoch) {
			p.stir() // written to another log than the one that was read
		}
		texts, size = texts[:0], 0
		return err
	}
	for _, r := range rules {
		text := purge.FormatRule(r)
		if size+len(text) > batch {
			if err := flush(); err != nil {
				return err
			}
		}
		texts, size = append(texts, text), size+len(text)
	}
	return flush()
}

// renew begins a full log anew. Ledgers let go of rules that others have made needless, the log does not: what the ledgers
// still hold is written again, by whoever reads next.
func (p *Purges) renew(ctx context.Context, epoch string) error {
	if held := len(p.Ledger.Rules()); held > p.log.bound/10*9 {
		if !p.complained {
			p.client.log.Error("purges cannot be shared: too many rules are in force; purge by tag, prefix or all instead",
				"rules", held, "most", p.log.bound)
		}
		p.complained = true
		return errFull
	}
	p.stir()
	if err := p.log.Drop(ctx, epoch); err != nil {
		return err
	}
	return errFull
}
