#!/bin/sh
# Prints the packages whose tests have a function of the given kind: `packages.sh Benchmark`, `packages.sh Fuzz`.
set -eu
kind=$1
cd "$(dirname "$0")/.."

find . -name '*_test.go' -not -path '*/testdata/*' -not -path '*/.*/*' \
    -exec grep -l "^func $kind[A-Z0-9_]" {} + | while read -r file; do dirname "$file"; done | sort -u
