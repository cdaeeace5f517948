#!/bin/bash
# Parses the relay's systemd unit and its Kubernetes example, and checks the rules that a parser can check: check-deploy.sh
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
    "a native sidecar is an init container that always restarts": relay.get("restartPolicy") == "Always",
    "the relay may take 20 s to drain after the service": pod["terminationGracePeriodSeconds"] > 20,
    "the selector finds the pods": deployment["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items(),
    "probes ask ports that exist": relay["livenessProbe"]["httpGet"]["port"] in ports,
    "a sidecar that Kafka blocks does not take the service out of its load balancer": "readinessProbe" not in relay,
    "the user of the image is a number, so that the kubelet knows that the user is not root": relay["securityContext"]["runAsNonRoot"]
    and any(line.split() == ["USER", "10001"] for line in open("../Dockerfile", encoding="utf-8")),
    "mounted volumes exist": all(mount["name"] in volumes for mount in relay["volumeMounts"]),
    "no secret in the environment": not any(
        "PASSWORD" in entry["name"] or entry["name"] == "DATABASE_URL" for entry in relay["env"]),
}
for rule, holds in checks.items():
    if not holds:
        sys.exit(f"{sys.argv[1]}: this rule is broken: {rule}")
PYTHON

# The program is not installed on this machine; /bin/true stands for it, because systemd refuses a unit without a program.
if command -v systemd-analyze >/dev/null; then
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    # The settings that the unit shows as comments must be right as well.
    sed 's|^ExecStart=.*|ExecStart=/bin/true|; s|^#\([A-Z][A-Za-z]*=\)|\1|' outbox-relay.service >"$folder/outbox-relay.service"
    problems="$(systemd-analyze verify --man=no "$folder/outbox-relay.service" 2>&1 | grep 'outbox-relay\.service' || true)"
    [ -z "$problems" ] || die "outbox-relay.service: $problems"
fi
