#!/bin/bash
# The end of every log; on a terminal it goes on as they grow. SERVICE=outbox-relay shows only that one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

shopt -s nullglob
files=("$data/log/"${SERVICE:-*}.log)
[ ${#files[@]} -gt 0 ] || die "no logs in $data/log; start the stack with: make up"
follow=()
[ ! -t 1 ] || follow=(-F)
exec tail -n 20 "${follow[@]}" "${files[@]}"
