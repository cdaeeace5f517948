#!/bin/bash
# The Kafka-facing tests against the broker that KAFKA_BOOTSTRAP_SERVERS names, an Apache Kafka for instance. Topics are made by
# the broker (auto.create.topics.enable) or beforehand; their names are random, so a shared broker is not disturbed.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
swift="${SWIFT:-swift}"
cd "$root"
[ -n "${KAFKA_BOOTSTRAP_SERVERS:-}" ] || die "KAFKA_BOOTSTRAP_SERVERS is not set: make test-kafka KAFKA_BOOTSTRAP_SERVERS=host:9092"
scripts/packages.sh test
exec $swift test --filter "^(KafkaTests|MessagingTests)\." "$@" </dev/null
