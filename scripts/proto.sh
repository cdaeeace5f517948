#!/bin/bash
# Regenerates Sources/Orders/OrdersProto from proto/: the Swift messages, and the descriptor set that gRPC reflection serves.
#
# protoc is Debian's (package protobuf-compiler); protoc-gen-swift is built from the same swift-protobuf package the code links,
# so generator and runtime cannot drift apart. Google's http annotations come from PyPI's googleapis-common-protos, pinned below;
# PROTO_GOOGLEAPIS may name a directory that already holds google/api/annotations.proto.
#
#   SWIFT   the swift command (default: swift)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

swift="${SWIFT:-swift}"
googleapis_version="1.76.0"
output="Sources/Orders/OrdersProto"

command -v protoc >/dev/null || { echo "proto: protoc is missing; install it: apt-get install protobuf-compiler" >&2; exit 1; }

googleapis="${PROTO_GOOGLEAPIS:-.build/googleapis-$googleapis_version}"
if [ ! -f "$googleapis/google/api/annotations.proto" ]; then
    mkdir -p "$googleapis"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$googleapis" "googleapis-common-protos==$googleapis_version"
    python3 -m zipfile -e "$googleapis"/googleapis_common_protos-*.whl "$googleapis"
fi

$swift build --product protoc-gen-swift >&2
plugin="$PWD/.build/debug/protoc-gen-swift"

sources=(orders/v1/status.proto orders/v1/events.proto orders/v1/order_service.proto)
find "$output" -name '*.pb.swift' -delete
protoc --proto_path=proto --proto_path="$googleapis" \
    --plugin=protoc-gen-swift="$plugin" \
    --swift_out="$output" \
    --swift_opt=Visibility=Public --swift_opt=UseAccessLevelOnImports=true --swift_opt=FileNaming=PathToUnderscores \
    "${sources[@]}"

descriptors="$(mktemp)"
trap 'rm -f "$descriptors"' EXIT
protoc --proto_path=proto --proto_path="$googleapis" \
    --include_imports --descriptor_set_out="$descriptors" \
    "${sources[@]}" events/v1/order_service.proto
python3 scripts/proto-descriptors.py "$descriptors" "$output/OrderDescriptors.swift"

scripts/proto-grpc.sh "$plugin"
