# `make` alone lists what can be made. Every target does its own set-up.

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)

# How long `make fuzz` spends on each target, and which packages and benchmarks `make bench` runs.
FUZZTIME ?= 1m
BENCH    ?= .

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := .bin/golangci-lint-$(GOLANGCI_VERSION)

.DEFAULT_GOAL := help
.PHONY: help run build test peers servers deploy vet lint bench fuzz samples clean distclean always

# libvips is looked at once per invocation of make: the script is quick when there is nothing to do, and it rewrites
# .deps/env.mk only when the answer has changed (LIBVIPS=system, a new version). MAKE_RESTARTS ends the loop: make
# starts itself again once when an included file was rewritten.
ifneq ($(filter-out help clean distclean samples,$(or $(MAKECMDGOALS),help)),)
ifndef MAKE_RESTARTS
.deps/env.mk: always
	@scripts/preflight.sh
	@scripts/libvips.sh
always:
endif
include .deps/env.mk
export $(shell sed -n 's/^\([A-Za-z_][A-Za-z_0-9]*\) *[:?]*=.*/\1/p' .deps/env.mk 2>/dev/null)
endif

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: build ## build, and serve samples/ on http://127.0.0.1:8080
	@scripts/run.sh bin/stillroom

build: ## build bin/stillroom
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/stillroom ./cmd/stillroom

test: vet lint peers servers deploy ## everything CI runs: vet, lint, tests under the race detector, fuzz seeds
	$(GO) test -race ./...
	@# What the race detector changes, allocations above all, is tested without it.
	$(GO) test $$(scripts/packages.sh '^//go:build !race')

# What tests run beside the server: nginx and wrk.
peers:
	@scripts/peers.sh

# What tests start as the server's own company: object storage of each kind, and a Valkey or Redis.
servers:
	@scripts/buckets.sh
	@scripts/valkey.sh

# What is under deploy/, as far as it can be checked without running it.
deploy: peers
	@scripts/deploy.sh

vet:
	$(GO) vet ./...

lint: $(GOLANGCI) ## golangci-lint, with .golangci.yml
	$(GOLANGCI) run

# The linter is built without our own flags: what is set for libvips must not reach it.
$(GOLANGCI):
	@echo 'building golangci-lint $(GOLANGCI_VERSION) (once; a minute or two)'
	@env -u CGO_CPPFLAGS -u CGO_CFLAGS -u CGO_LDFLAGS -u GOFLAGS CGO_ENABLED=0 GOBIN='$(CURDIR)/.bin' nice \
		$(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv .bin/golangci-lint $@

bench: ## run the benchmarks (BENCH=regexp)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $$(scripts/packages.sh '^func Benchmark')

fuzz: ## run every fuzz target in turn (FUZZTIME=1m each)
	@scripts/fuzz.sh '$(FUZZTIME)'

samples: ## draw the pictures of samples/ again
	$(GO) run ./samples/generate -out samples

clean: ## remove what was built
	rm -rf bin

distclean: clean ## remove also what was fetched
	rm -rf .bin .deps
