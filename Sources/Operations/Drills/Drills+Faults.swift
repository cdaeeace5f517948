import Glibc
import Postgres

extension Drills {
    // MARK: - Transactions

    static let transactions: [Drill] = [
        Drill(
            "idle-transaction", "a transaction with an id of its own stays open: other rows have to flow",
            traits: .sparesClients
        ) { scene in
            let session = try scene.stack.postgres.connect()
            try session.execute("BEGIN; \(row(scene.key("idle"), 0))")
            scene.mark("a transaction is open")
            scene.pause(1_000...2_000)
            // The relay delays no row but those of that transaction.
            try scene.stack.wait("the flow of rows beside an open transaction", for: "\(flows) FROM outbox_state")
            try scene.load.more()
            try scene.stack.wait("the flow of rows beside an open transaction", for: "\(flows) FROM outbox_state")
            try session.execute("COMMIT")
            scene.mark("it is committed")
        },
        Drill(
            "rolled-back", "two thousand transactions draw ids and are rolled back",
            traits: .sparesClients
        ) { scene in
            let (session, key) = (try scene.stack.postgres.connect(), scene.key("gap"))
            scene.mark("rollbacks begin")
            for number in 0..<2_000 {
                try session.execute("BEGIN; \(row(key, number)); ROLLBACK")
            }
            scene.rolledBack(2_000)
            scene.mark("rollbacks end")
        },
        Drill(
            "large-transaction", "one transaction writes 100,000 rows",
            traits: .sparesClients
        ) { scene in
            let session = try scene.stack.postgres.connect()
            scene.mark("100,000 rows")
            try session.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'parcel', 'large-' || n % 1000, n / 1000, 'parcel_moved', convert_to('row ' || n, 'UTF8')
                FROM generate_series(0, 99999) AS n
                """)
            scene.mark("committed")
        },
        Drill(
            "prepared-transaction", "a two-phase transaction is prepared, and committed three seconds later",
            needs: .server, traits: .sparesClients
        ) { scene in
            let session = try scene.stack.postgres.connect()
            try session.execute("BEGIN; SET LOCAL outbox_relay.wake = off; \(row(scene.key("prepared"), 0))")
            try session.execute("PREPARE TRANSACTION 'drill'")
            scene.mark("prepared")
            scene.pause(3_000...3_000)
            try session.execute("COMMIT PREPARED 'drill'")
            scene.mark("committed")
        },
        Drill(
            "early-id", "writers draw a transaction id long before they write, and commit in another order",
            traits: .sparesClients
        ) { scene in
            for turn in 0..<10 {
                let early = try scene.stack.postgres.connect()
                let late = try scene.stack.postgres.connect()
                let key = scene.key("early")
                try early.execute("BEGIN; SELECT pg_current_xact_id()")
                try late.execute(row(key, 0))
                scene.pause(20...200)
                try early.execute("\(row(key, 1)); COMMIT")
                if turn == 0 { scene.mark("early ids") }
            }
        },
        Drill(
            "savepoints", "transactions write through savepoints of which every second one is rolled back",
            traits: .sparesClients
        ) { scene in
            let session = try scene.stack.postgres.connect()
            scene.mark("savepoints")
            for _ in 0..<200 {
                let key = scene.key("save")
                try session.execute(
                    """
                    BEGIN; \(row(key, 0)); SAVEPOINT a; \(row(key, 1));
                    ROLLBACK TO a; \(row(key, 1)); COMMIT
                    """)
            }
            scene.rolledBack(200)
        },
        Drill(
            "no-trigger", "rows are inserted so that no trigger wakes the relay, under load and when all is at rest",
            traits: .sparesClients, atRest: insertSilently, insertSilently),
    ]

    @Sendable private static func insertSilently(_ scene: DrillScene) throws {
        let session = try scene.stack.postgres.connect()
        let key = scene.key("silent")
        try session.execute("SET session_replication_role = replica")
        scene.mark("rows without a trigger")
        for number in 0..<50 { try session.execute(row(key, number)) }
    }

    private static let flows = "unpublished_rows < 1000 AND coalesce(oldest_unpublished_age < interval '2 s', true)"

    static func row(_ id: String, _ sequence: Int) -> String {
        """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        VALUES ('parcel', '\(id)', \(sequence), 'parcel_moved', 'drill')
        """
    }

    // MARK: - Kafka

    static let kafka: [Drill] = [
        Drill(
            "brokers-down", "all brokers are away for six seconds: clients do not notice, and the relay says so",
            switchesKafka: true, traits: .sparesClients
        ) { scene in
            scene.mark("all brokers down")
            try scene.without(.kafka) {
                try scene.stack.kafka.command("down")
                try scene.load.more(DrillLimits.ordersMeanwhile)
                scene.pause(5_000...6_000)
            }
            try scene.stack.kafka.command("up")
            scene.mark("brokers up")
        },
        Drill(
            "broker-down", "one of two brokers is away for three seconds, then the other one", switchesKafka: true,
            traits: .sparesClients
        ) { scene in
            for broker in 1...2 {
                scene.mark("broker \(broker) down")
                try scene.stack.kafka.command("down \(broker)")
                scene.pause(2_000...3_000)
                try scene.stack.kafka.command("up \(broker)")
            }
            scene.mark("brokers up")
        },
        Drill(
            "slow-brokers", "each answer of the brokers takes 300 ms longer, for four seconds", switchesKafka: true,
            traits: .sparesClients
        ) { scene in
            scene.mark("slow brokers")
            try scene.stack.kafka.command("latency 300")
            scene.pause(4_000...4_000)
            try scene.stack.kafka.command("latency 0")
            scene.mark("fast brokers")
        },
        Drill(
            "leaders-move", "the leaders of partitions move from broker to broker", switchesKafka: true,
            traits: .sparesClients
        ) { scene in
            scene.mark("leaders move")
            for turn in 0..<32 {
                try scene.stack.kafka.command("leader \(scene.stack.kafka.topic("order")) \(turn % 16) \(turn % 2 + 1)")
                scene.pause(20...150)
            }
            scene.mark("leaders stay")
        },
    ]

    // MARK: - Several faults

    /// What leaves something behind that a second run would meet.
    private static let onceOnly: Set = ["zombie-relay", "two-relays", "large-transaction", "late-in-mid-cut"]

    static let together: [Drill] = [
        Drill(
            "relay-and-postgres", "the relay is killed, and Postgres crashes before the relay is back", needs: .server
        ) { scene in
            scene.pause(300...900)
            scene.mark("kill -9 outbox-relay, crash of Postgres")
            try scene.stack.process(.relay).kill9()
            try scene.stack.postgres.crash()
            try scene.stack.postgres.start()
            try scene.stack.start(.relay)
            try scene.stack.waitUntilReady(.relay)
            scene.mark("both are back")
        },
        Drill(
            "relay-in-mid-batch", "the relay dies while slow brokers have rows that its checkpoint does not count",
            switchesKafka: true, traits: .sparesClients
        ) { scene in
            for _ in 0..<3 {
                try scene.stack.kafka.command("latency 400")
                scene.pause(600...1_200)
                scene.mark("kill -9 outbox-relay")
                try scene.stack.process(.relay).kill9()
                try scene.stack.kafka.command("latency 0")
                try scene.stack.start(.relay)
                try scene.stack.waitUntilReady(.relay)
            }
        },
        Drill(
            "consumers-storm", "projector and payments are killed in turns, so that groups rebalance all the time",
            traits: .sparesClients
        ) { scene in
            for turn in 0..<6 {
                let service: DrillStack.Service = turn.isMultiple(of: 2) ? .projector : .payments
                scene.mark("kill -9 \(service.rawValue)")
                try scene.stack.crash(service)
                scene.pause(200...900)
            }
        },
        Drill("everything-killed", "kill -9 of all services at the same moment") { scene in
            scene.mark("kill -9 of everything")
            for service in DrillStack.Service.allCases { try scene.stack.process(service).signal(SIGKILL) }
            for service in DrillStack.Service.allCases { try scene.stack.process(service).exit() }
            for service in DrillStack.Service.allCases { try scene.stack.start(service) }
            for service in DrillStack.Service.allCases { try scene.stack.waitUntilReady(service) }
            scene.mark("all are back")
        },
        Drill("mixed", "random faults, one after the other, for as many minutes as --minutes says") { scene in
            let setup = scene.stack.setup
            // Its stack has nothing but what every drill has, and the brokers that can be switched.
            let faults = all.filter {
                $0.name != "mixed" && !onceOnly.contains($0.name) && $0.settings.isEmpty
                    && setup.refusal($0) == nil && DrillNeeds([.brokers, .server]).isSuperset(of: $0.needs)
            }
            let end = ContinuousClock.now + .seconds(60 * scene.stack.setup.minutes)
            while ContinuousClock.now < end, let drill = faults.randomElement(using: &scene.random) {
                scene.mark("begin \(drill.name)")
                try drill.fault(scene)
                for service in DrillStack.Service.allCases { try scene.stack.waitUntilReady(service) }
            }
        },
    ]
}

extension DrillScene {
    /// Terminates the sessions of other programs that meet a condition on `pg_stat_activity`.
    func terminate(_ condition: String, by session: PostgresConnection? = nil) throws {
        let session = try session ?? stack.postgres.connect()
        try session.execute(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database()
              AND (\(condition))
            """)
    }
}
