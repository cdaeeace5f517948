#!/bin/bash
# Shows the end of every log, and follows the logs on a terminal. SERVICE=outbox-relay shows one log.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

shopt -s nullglob
files=("$data/log/"${SERVICE:-*}.log)
[ ${#files[@]} -gt 0 ] || die "no logs in $data/log; start the stack with: make up"
follow=()
[ ! -t 1 ] || follow=(-F)
exec tail -n 20 "${follow[@]}" "${files[@]}"
