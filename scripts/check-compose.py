"""Parses docker-compose.yml and checks it: check-compose.py FILE

Docker cannot run on every machine that builds this project. The checks find faults that would show only there: an unknown key, a
dependency on a service that does not exist or cannot meet its condition, a volume that is not declared, a missing build file.
"""

import pathlib
import sys
import urllib.parse

import yaml

SERVICE_KEYS = {
    "build", "command", "depends_on", "environment", "healthcheck", "image", "ports", "restart", "stop_grace_period", "volumes",
}
EXPECTED = {"postgres", "kafka", "migrate", "roles", "orders-server", "outbox-relay", "orders-projector", "orders-payments"}

# They set the database up.
OWNERS = {"migrate", "roles"}


def problems(document, folder):
    services = document.get("services", {})
    for name in sorted(EXPECTED - services.keys()):
        yield f"service {name} is missing"
    for name, service in services.items():
        for key in sorted(service.keys() - SERVICE_KEYS):
            yield f"{name}: unknown key {key}"
        yield from dependency_problems(name, service, services)
        yield from volume_problems(name, service, document.get("volumes", {}))
        yield from build_problems(name, service, folder)
    yield from role_problems(services)


def dependency_problems(name, service, services):
    for other, need in service.get("depends_on", {}).items():
        condition = need["condition"]
        if other not in services:
            yield f"{name}: depends on {other}, which does not exist"
        elif condition == "service_healthy" and "healthcheck" not in services[other]:
            yield f"{name}: waits for {other} to be healthy, which has no healthcheck"
        elif condition == "service_completed_successfully" and services[other].get("restart", "no") != "no":
            yield f"{name}: waits for {other} to complete, which restarts for ever"
    if name in {"postgres", "kafka"} and "healthcheck" not in service:
        yield f"{name}: has no healthcheck"


def volume_problems(name, service, declared):
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if not source.startswith((".", "/")) and source not in declared:
            yield f"{name}: volume {source} is not declared"


def build_problems(name, service, folder):
    build = service.get("build")
    if build and not (folder / build["context"] / build["dockerfile"]).is_file():
        yield f"{name}: there is no {build['dockerfile']}"
    if not build and "image" not in service:
        yield f"{name}: neither image nor build"


def role_problems(services):
    """No service runs as the owner of the database, and no two under one role."""
    used = {}
    for name, service in services.items():
        url = service.get("environment", {}).get("DATABASE_URL", "")
        if name in OWNERS or not url:
            continue
        role = urllib.parse.urlsplit(url).username
        if role == "outbox" or role in used:
            yield f"{name}: logs in as {role}, as {used.get(role, 'the owner')} does"
        used[role] = name


def main():
    path = pathlib.Path(sys.argv[1])
    found = list(problems(yaml.safe_load(path.read_text(encoding="utf-8")), path.parent))
    for problem in found:
        print(f"{path}: {problem}", file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
