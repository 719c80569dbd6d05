#!/bin/sh
# Prints the packages that have a test file in which a line matches a pattern of grep.
set -eu
pattern=$1
cd "$(dirname "$0")/.."

find . -name '*_test.go' -not -path '*/testdata/*' -not -path '*/.*/*' \
    -exec grep -l "$pattern" {} + | while read -r file; do dirname "$file"; done | sort -u
