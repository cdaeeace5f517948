#!/bin/bash
# Fails when Sources/Orders/OrdersProto is not what scripts/proto.sh makes of proto/. The tree is left as it was found.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

before="$(mktemp -d)"
trap 'rm -rf Sources/Orders/OrdersProto && cp -a "$before/OrdersProto" Sources/Orders/ && rm -rf "$before"' EXIT
cp -a Sources/Orders/OrdersProto "$before/"
scripts/proto.sh
diff -r "$before/OrdersProto" Sources/Orders/OrdersProto >&2 || die "Sources/Orders/OrdersProto is not what proto/ says: run make proto"
