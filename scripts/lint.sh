#!/bin/bash
# make lint. Compiler warnings are errors in every build (Package.swift) and are not checked again here.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
swift="${SWIFT:-swift}"
cd "$root"
scripts/packages.sh test

say "lint: swift format"
scripts/swift-files.sh | xargs -d '\n' $swift format lint --strict --parallel
say "lint: tidy rules"
(cd scripts && /usr/bin/python3 -B -m unittest --quiet tidy.selftest)
scripts/swift-files.sh | xargs -d '\n' /usr/bin/python3 scripts/tidy.py
say "lint: shell scripts"
for script in scripts/*.sh .ci/run; do bash -n "$script"; done
say "lint: docker-compose.yml"
/usr/bin/python3 scripts/check-compose.py docker-compose.yml
say "lint: relay/deploy"
scripts/check-deploy.sh
say "lint: generated code matches proto/"
scripts/check-proto.sh
say "lint: ok"
