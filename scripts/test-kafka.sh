#!/bin/bash
# make test-kafka: runs the Kafka-facing tests against the brokers that KAFKA_BOOTSTRAP_SERVERS names, for instance an Apache Kafka. Other
# KAFKA_* variables, such as those of security, reach every client. Tests that make brokers fail use a mock cluster, or are left out.
#
# The tests create topics through the admin API. Their names are random and begin with "test-", so a shared broker is not disturbed. The
# topics stay.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
[ -n "${KAFKA_BOOTSTRAP_SERVERS:-}" ] || die "KAFKA_BOOTSTRAP_SERVERS is not set: make test-kafka KAFKA_BOOTSTRAP_SERVERS=host:9092"
TEST_KAFKA=1 exec "$scripts/test.sh" --filter '^(KafkaTests|OutboxKafkaTests|ConsumersTests)\.|^EndToEndTests\.EndToEndTests/(JourneyTests|CrashTests|FailoverTests|ExactlyOnceTests|KafkaTroubleTests)' "$@"
