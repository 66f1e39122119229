#!/bin/sh
# Counts the instructions that splitting, scanning and picking take for each byte of
# CloudTrail-shaped input, and fails above a limit. callgrind counts, so the load of
# the machine does not matter.
#
#   instructions.sh BENCH_SPLIT [LIMIT]
#
# BENCH_SPLIT is bench_split as built by the release compiler flags (RelWithDebInfo).
set -eu
bench=$1
limit=${2:-7.5}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v valgrind >/dev/null; then
    echo "SKIP: valgrind is not installed"
    exit 77
fi
/usr/bin/python3 "$here/generate.py" "$work" --files 1 --bytes 3000000 --big 0 --plain
valgrind --tool=callgrind --toggle-collect=measured_pass \
    --callgrind-out-file="$work/out" "$bench" -r 1 "$work/log-0000.json" 2>"$work/log"
total=$(sed -n 's/^totals: //p;s/^summary: //p' "$work/out" | tail -1)
bytes=$(wc -c <"$work/log-0000.json")
awk -v total="$total" -v bytes="$bytes" -v limit="$limit" 'BEGIN {
    printf "%.2f instructions a byte (limit %s)\n", total / bytes, limit
    exit total / bytes > limit
}'
