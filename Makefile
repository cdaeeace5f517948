# Builds, runs and checks the project; `make` alone lists the targets.

SWIFT ?= swift
DATA_DIR ?= .data
HTTP_PORT ?= 8080
GRPC_PORT ?= 8081
CONSOLE_PORT ?= 8088
export SWIFT DATA_DIR HTTP_PORT GRPC_PORT CONSOLE_PORT

.DEFAULT_GOAL := help
.PHONY: help up down status logs demo build test test-tsan test-kafka test-postgres lint format size proto bench drill

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: HTTP_PORT=$(HTTP_PORT) GRPC_PORT=$(GRPC_PORT) CONSOLE_PORT=$(CONSOLE_PORT) DATA_DIR=$(DATA_DIR); a second stack needs other values for all four."

up: ## Builds and starts Postgres, Kafka and the services; returns when all are healthy
	@scripts/up.sh

down: ## Stops the processes that make up started; the data stays
	@scripts/down.sh

status: ## Shows every process, its pid and its health
	@scripts/status.sh || true

logs: ## Shows the logs; SERVICE=outbox-relay shows one of them
	@scripts/logs.sh

demo: ## Places orders over REST and gRPC and follows one of them to Kafka and the read model
	@scripts/demo.sh

build: ## Builds the executables (release)
	@scripts/packages.sh run
	@scripts/build.sh

test: ## Runs all tests against a private Postgres and Kafka; leaves nothing behind
	@scripts/test.sh

test-tsan: ## Runs the tests under Thread Sanitizer, without those of whole processes; a race fails the run
	@scripts/test-tsan.sh

test-kafka: ## Runs the Kafka-facing tests against KAFKA_BOOTSTRAP_SERVERS
	@scripts/test-kafka.sh

test-postgres: ## Runs the Postgres-facing tests on Postgres 15, 16, 17 and 18; POSTGRES_VERSIONS=18 chooses one
	@scripts/test-postgres.sh

lint: ## Checks format, tidiness, generated code and docker-compose.yml
	@scripts/lint.sh

format: ## Formats the Swift sources in place
	@scripts/swift-files.sh | xargs -d '\n' $(SWIFT) format format --in-place --parallel

size: ## Prints the size of every module: files, lines, functions, documented declarations
	@/usr/bin/python3 scripts/size.py

drill: ## Breaks whole systems under load and judges them; DRILLS="kill-relay mixed" chooses, reports in .build/drills.html and, for the console, .build/drills.json
	@scripts/packages.sh run
	@scripts/build.sh
	@.build/release/outboxctl drill run $(or $(DRILLS),all) --at-once 2 --html .build/drills.html --report .build/drills.json

proto: ## Regenerates the Swift code from proto/
	@scripts/packages.sh test
	@scripts/proto.sh

bench: ## Runs the benchmarks of Benchmarks/
	@scripts/bench.sh
