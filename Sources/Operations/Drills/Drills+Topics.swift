import Operations
import Postgres

extension Drills {
    /// Topics and records that Kafka refuses, loses or forgets.
    static let topics: [Drill] = [
        Drill(
            "topic-recreated", "the topic of the orders is deleted with its records, and made again",
            needs: .strictKafka
        ) {
            scene in
            scene.mark("the topic is made again")
            try scene.stack.kafka.command("recreate \(scene.stack.kafka.topic("order"))")
            try scene.load.more()
            scene.mark("orders flow")
        },
        Drill(
            "kafka-retention", "Kafka removes records before projector and payments have read them", needs: .strictKafka
        ) { scene in
            let topic = scene.stack.kafka.topic("order")
            for service in [DrillStack.Service.projector, .payments] { try scene.stack.process(service).kill9() }
            scene.mark("no consumers")
            try scene.load.more()
            scene.pause(1_500...1_500)
            try scene.stack.kafka.command("settings \(topic) retention.ms=1000")
            scene.mark("a retention of one second")
            scene.pause(1_500...1_500)
            for service in [DrillStack.Service.projector, .payments] { try scene.stack.start(service) }
            for service in [DrillStack.Service.projector, .payments] { try scene.stack.waitUntilReady(service) }
            try scene.stack.kafka.command("settings \(topic) retention.ms=604800000")
            scene.mark("consumers, and a long retention")
        },
        Drill(
            "kafka-errors", "brokers answer with errors, to requests that they have done and that they have not",
            needs: .strictKafka
        ) { scene in
            for code in refusals.shuffled(using: &scene.random) {
                scene.mark(code)
                try scene.stack.kafka.command(code)
                scene.pause(200...700)
            }
            try scene.stack.kafka.command("clear")
            scene.mark("no errors")
        },
        Drill("kafka-throttled", "the brokers slow the relay down by a quota, for four seconds", needs: .strictKafka) {
            scene in
            scene.mark("a quota")
            try scene.stack.kafka.command("throttle produce 300")
            scene.pause(4_000...4_000)
            try scene.stack.kafka.command("clear")
            scene.mark("no quota")
        },
        Drill(
            "topic-forbidden", "the topic of the orders may not be written or read for a second: hundreds of keys wait",
            needs: .strictKafka
        ) {
            scene in
            let topic = scene.stack.kafka.topic("order")
            try scene.stack.kafka.command("topic-error \(topic) TOPIC_AUTHORIZATION_FAILED")
            scene.mark("forbidden")
            scene.pause(1_000...1_000)
            try scene.stack.kafka.command("topic-error \(topic) none")
            scene.mark("allowed")
        },
        Drill(
            "oversize-row",
            "a row is larger than Kafka takes: its key waits, all others flow, and an operator skips it",
            needs: .operator
        ) { scene in
            try scene.park(scene.key("oversize"), "parcel", "repeat('x', 2000000)")
        },
        Drill(
            "poison-row", "a row has a type of which no topic can be named: its key waits until an operator skips it",
            needs: .operator
        ) { scene in
            try scene.park(scene.key("poison"), "no topic/at all", "'poison'")
        },
    ]

    private static let refusals = [
        "errors produce 3 NOT_LEADER_OR_FOLLOWER", "errors produce 3 REQUEST_TIMED_OUT",
        "errors produce 3 NOT_ENOUGH_REPLICAS", "errors produce 3 KAFKA_STORAGE_ERROR",
        "errors produce 3 UNKNOWN_SERVER_ERROR", "false-errors produce 3 NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        "lose produce 3", "drop produce 3", "lose fetch 3", "errors fetch 3 NOT_LEADER_OR_FOLLOWER",
        "lose heartbeat 2", "lose join-group 1", "lose sync-group 1", "lose offset-commit 1",
    ]
}

extension DrillScene {
    /// Writes a row that Kafka never takes and two behind it; when they wait and all others flow, an operator gives the
    /// first one up and releases the rest.
    fileprivate func park(_ key: String, _ type: String, _ payload: String) throws {
        let session = try stack.postgres.connect()
        for (sequence, payload) in [payload, "'behind it'", "'behind both'"].enumerated() {
            try session.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                VALUES ('\(type)', '\(key)', \(sequence), 'parcel_moved', convert_to(\(payload), 'UTF8'))
                """)
        }
        mark("a row that Kafka does not take")
        try stack.wait("the key to be parked", for: "count(*) = 3 FROM outbox_relay.held")
        try load.more()
        try stack.wait("the flow of other rows", for: "unpublished_rows < 1000 FROM outbox_state")
        let rows = try session.query("SELECT outbox_id, aggregate_type FROM outbox_relay.held ORDER BY outbox_id")
        let isUnnamed = try rows.string(0, 1) != "parcel"
        let ids = try (0..<(isUnnamed ? rows.count : 1)).map { try rows.int64($0, 0) }
        let desk = try OperatorDesk(session, caller: "drill")
        _ = try desk.skip(ids, reason: "Kafka will never take it")
        _ = try desk.release(ParkedFilter(aggregateType: type, aggregateId: key), reason: "without the row")
        mark("it is skipped, and its key released")
        try stack.wait("the release of the key", for: "NOT EXISTS (SELECT FROM outbox_relay.parked)")
    }
}
