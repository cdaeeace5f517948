#!/bin/bash
# The Kafka-facing tests against the broker that KAFKA_BOOTSTRAP_SERVERS names, an Apache Kafka for instance; other KAFKA_* variables
# (security, say) reach every client. Tests that make brokers fail keep a mock cluster of their own, or are left out.
#
# Topics are created through the admin API and have random names that begin with "test-": a shared broker is not disturbed. They stay.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
[ -n "${KAFKA_BOOTSTRAP_SERVERS:-}" ] || die "KAFKA_BOOTSTRAP_SERVERS is not set: make test-kafka KAFKA_BOOTSTRAP_SERVERS=host:9092"
TEST_KAFKA=1 exec "$scripts/test.sh" --filter '^(KafkaTests|OutboxKafkaTests|ConsumersTests)\.|^EndToEndTests\.EndToEndTests/(JourneyTests|CrashTests|FailoverTests|ExactlyOnceTests|KafkaTroubleTests)' "$@"
