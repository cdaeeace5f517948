#!/bin/bash
# Lists the Swift files that people write: all that git knows or would add, without generated ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
git ls-files --cached --others --exclude-standard -- '*.swift' | grep -v -e '\.pb\.swift$' -e '/OrderDescriptors\.swift$' |
    while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done
