#!/bin/sh
# Runs every fuzz target of the module in turn, each for the given time (a Go duration). Stops at the first failure,
# whose input go test has then written under the package's testdata/fuzz: it belongs into the repository with the fix.
set -eu
each=${1:-1m}
cd "$(dirname "$0")/.."
go=${GO:-go}

# A `for`, because a pipe into `while read` would lose the exit status of what ran in it.
for package in $(scripts/packages.sh '^func Fuzz'); do
    for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$package"/*_test.go); do
        echo "--- $package $target ($each)"
        "$go" test -run '^$' -fuzz "^$target\$" -fuzzminimizetime 1s -fuzztime "$each" "$package"
    done
done
