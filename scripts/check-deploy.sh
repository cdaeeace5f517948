#!/bin/bash
# Checks the relay's systemd unit and its Kubernetes example as far as parsers can: check-deploy.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root/relay/deploy"

/usr/bin/python3 - kubernetes-sidecar.yaml <<'PYTHON'
import sys

import yaml

[deployment] = list(yaml.safe_load_all(open(sys.argv[1], encoding="utf-8")))
template = deployment["spec"]["template"]
pod = template["spec"]
[relay] = [container for container in pod["initContainers"] if container["name"] == "outbox-relay"]
ports = {port["name"] for port in relay["ports"]}
volumes = {volume["name"] for volume in pod["volumes"]}
checks = {
    "an init container that restarts always is what makes a native sidecar": relay.get("restartPolicy") == "Always",
    "the relay may take 20 s to drain after the service": pod["terminationGracePeriodSeconds"] > 20,
    "the selector finds the pods": deployment["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items(),
    "probes ask ports that exist": relay["livenessProbe"]["httpGet"]["port"] in ports,
    "a sidecar that Kafka blocks does not take the service out of its load balancer": "readinessProbe" not in relay,
    "the image's user is a number, so that the kubelet can tell that it is not root": relay["securityContext"]["runAsNonRoot"]
    and any(line.split() == ["USER", "10001"] for line in open("../Dockerfile", encoding="utf-8")),
    "mounted volumes exist": all(mount["name"] in volumes for mount in relay["volumeMounts"]),
    "no secret in the environment": not any(
        "PASSWORD" in entry["name"] or entry["name"] == "DATABASE_URL" for entry in relay["env"]),
}
for rule, holds in checks.items():
    if not holds:
        sys.exit(f"{sys.argv[1]}: not so: {rule}")
PYTHON

# The program is not installed here, and the unit must not be refused for that.
if command -v systemd-analyze >/dev/null; then
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    # What is shown commented out must be right as well.
    sed 's|^ExecStart=.*|ExecStart=/bin/true|; s|^#\([A-Z][A-Za-z]*=\)|\1|' outbox-relay.service >"$folder/outbox-relay.service"
    problems="$(systemd-analyze verify --man=no "$folder/outbox-relay.service" 2>&1 | grep 'outbox-relay\.service' || true)"
    [ -z "$problems" ] || die "outbox-relay.service: $problems"
fi
