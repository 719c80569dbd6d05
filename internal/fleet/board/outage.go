package board

import "log/slog"

// outage tells the log when something begins to fail and when it works again, and of nothing in between. It is one
// goroutine's.
type outage struct {
	log        *slog.Logger
	lost, back string // what is said

	failing bool
}

// report takes the outcome of an attempt.
func (o *outage) report(err error) {
	switch {
	case err != nil && !o.failing:
		o.log.Error(o.lost, "error", err)
	case err == nil && o.failing:
		o.log.Info(o.back)
	}
	o.failing = err != nil
}
