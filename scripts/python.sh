#!/bin/bash
# Prints the path of a Python that has the test clients (grpcio, h2, schemathesis, psycopg, playwright) and the code
# generated from proto/. The first call makes it below .build/python.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

home="$root/.build/python"
versions=("grpcio==1.73.1" "grpcio-tools==1.73.1" "grpcio-status==1.73.1" "googleapis-common-protos==1.70.0" "protobuf==6.31.1"
    "psycopg[binary]==3.2.9" "h2==4.4.1" "hpack==4.2.0" "hyperframe==6.1.0" "schemathesis==4.32.5"
    "playwright==1.65.2")
wanted="${versions[*]}"
if [ "$(contents "$home/versions")" != "$wanted" ]; then
    rm -rf "$home"
    /usr/bin/python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check "${versions[@]}" >&2 || die "grpcio could not be installed from PyPI"
    printf '%s\n' "$wanted" >"$home/versions"
fi

site="$("$home/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
for proto in proto/orders/v1/*.proto proto/events/v1/*.proto proto/grpc/*/*/*.proto; do
    if [ ! -f "$home/generated" ] || [ "$proto" -nt "$home/generated" ]; then
        "$home/bin/python" -m grpc_tools.protoc --proto_path=proto --proto_path="$site" --python_out="$site" --grpc_python_out="$site" \
            orders/v1/status.proto orders/v1/events.proto orders/v1/order_service.proto events/v1/order_service.proto \
            grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto >&2
        touch "$home/generated"
    fi
done
printf '%s\n' "$home/bin/python"
