import Operations
import Postgres
import Sabotage

extension Drills {
    // MARK: - Parked keys, and cuts in the middle

    static let parking: [Drill] = [
        Drill(
            "relay-in-release", "the relay dies while it releases a key that was parked before its last start",
            traits: .sparesClients
        ) { scene in
            let key = scene.key("heavy")
            try park(key, scene)
            // The key stays parked over a new start, and rows come behind the held ones.
            try scene.stack.crash(.relay)
            try scene.stack.waitUntilReady(.relay)
            try insert(rows + 1...2 * rows, of: key, scene)
            try scene.load.more()
            try scene.stack.terminate(.relay)
            try release(key, scene)
            try scene.strike(.relay, at: .relayInRelease, times: 1, counts: 1...1)
        },
        Drill(
            "release-from-old-leaf", "a key is released when the other rows of its leaf of the outbox are long removed",
            traits: .sparesClients, settings: leaves
        ) { scene in
            let key = scene.key("heavy")
            try park(key, scene)
            scene.pause(4_000...5_000)
            try release(key, scene)
        },
        Drill(
            "late-in-mid-cut", "the relay dies in the middle of a large cut; then a transaction with a low id commits",
            traits: .sparesClients
        ) { scene in
            let late = try scene.stack.postgres.connect()
            let key = scene.key("late")
            try late.execute("BEGIN; \(row(key, 0))")
            let low = try late.query("SELECT max(outbox_id) FROM outbox WHERE aggregate_id = $1", [.text(key)])
                .int64(0, 0)
            try scene.stack.postgres.connect().execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'parcel', '\(key)-' || n % 1000, n / 1000, 'parcel_moved', convert_to('row ' || n, 'UTF8')
                FROM generate_series(0, 99999) AS n
                """)
            scene.mark("100,000 rows")
            try scene.stack.wait(
                "the middle of the cut",
                for: """
                    EXISTS (SELECT FROM outbox_relay.checkpoint WHERE draining IS NOT NULL
                            AND drained_through BETWEEN \(low + 1000) AND \(low + 99_000))
                    """)
            try scene.stack.process(.relay).kill9()
            scene.mark("kill -9 outbox-relay")
            try late.execute("COMMIT")
            scene.mark("the row with the low id is committed")
            try late.execute(row(key, 1))
            try scene.stack.start(.relay)
            try scene.stack.waitUntilReady(.relay)
        },
        Drill(
            "unflushed-crash", "Postgres crashes when it has shown rows of commits that did not wait for the disk",
            needs: .server
        ) { scene in
            for _ in 0..<3 {
                try scene.load.pausing {
                    try scene.stack.waitUntilAtRest(seconds: DrillLimits.startSeconds)
                    let (writer, key) = (try scene.stack.postgres.connect(), scene.key("unflushed"))
                    try writer.execute("SET synchronous_commit = off")
                    for number in 0..<20 { try writer.execute(row(key, number)) }
                    scene.pause(5...25)
                    scene.mark("crash of Postgres")
                    try scene.stack.postgres.crash()
                    try scene.stack.postgres.start()
                    scene.mark("Postgres is back")
                }
                try scene.load.more()
            }
        },
    ]

    /// Rows of a parked key before a new start of the relay, and as many behind it.
    private static let rows = 20

    /// A row that no producer takes, and rows behind it.
    private static func park(_ key: String, _ scene: DrillScene) throws {
        try scene.stack.postgres.connect().execute(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            VALUES ('parcel', '\(key)', 0, 'parcel_moved', convert_to(repeat('heavy ', 500000), 'UTF8'))
            """)
        try insert(1...rows, of: key, scene)
        try scene.stack.wait(
            "the parked key",
            for: "(SELECT count(*) = \(rows + 1) FROM outbox_relay.held WHERE aggregate_id = '\(key)')")
        scene.mark("the key is parked")
    }

    private static func insert(_ numbers: ClosedRange<Int>, of key: String, _ scene: DrillScene) throws {
        let session = try scene.stack.postgres.connect()
        for number in numbers { try session.execute(row(key, number)) }
    }

    /// What an operator does about it: the heavy row is given up.
    private static func release(_ key: String, _ scene: DrillScene) throws {
        let desk = try OperatorDesk(scene.stack.postgres.connect(), caller: "drill")
        let filter = ParkedFilter(aggregateType: "parcel", aggregateId: key)
        let found = try desk.parkedKeys(filter, limit: 1)
        guard let parked = found.keys.first else { throw DrillError("\(key) is not parked") }
        _ = try desk.skip([parked.outboxId], reason: "too heavy")
        _ = try desk.release(filter, reason: "the rest may go")
        scene.mark("skip and release")
    }
}
