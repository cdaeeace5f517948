import Foundation
import InvariantKit
import Kafka
import Outbox
import Postgres
import TestKit
import Testing

extension EndToEndTests {
    /// Postgres fails over to a real standby while rows flow. Nothing is done to the relays.
    @Suite struct PromotionTests {
        private static let rows = 1_000
        private static let orders = 40

        /// Everything that was acknowledged is on the standby: nothing is lost, and the relay that led or the one that
        /// stood by goes on.
        @Test(arguments: DeliveryGuarantee.allCases)
        func aSynchronousStandbyIsPromotedUnderLoad(_ guarantee: DeliveryGuarantee) async throws {
            try await TestStack.withStandby(guarantee, isSynchronous: true) { stack, standby in
                let first = try await stack.startRelay("first", stack.delivery(guarantee))
                try await stack.leads("first")
                let second = try await stack.startRelay("second", stack.delivery(guarantee))
                let load = FailoverLoad(stack.database)
                var acknowledged: Int64 = 0
                try await load.during {
                    try await stack.written(more: Self.rows)
                    try await stack.postgres.stop(.immediate)
                    acknowledged = load.rounds
                    try await standby.promote()
                    let promoted = ContinuousClock.now
                    try await stack.flows(stack.kafka.topic("parcel"))
                    print("published again \(ContinuousClock.now - promoted) after the promotion (\(guarantee))")
                    try await stack.written(more: Self.rows)
                }
                #expect(load.rounds >= acknowledged)
                #expect(first.isRunning && second.isRunning)
                try await stack.expectParcels(load.rounds, guarantee)
                let decisions = try await stack.query("SELECT reason FROM outbox_relay.decision")
                #expect(decisions.count == 1, "\(decisions)")
                #expect(decisions.first?.hasPrefix("timeline 1 became 2; every row that is in Kafka is") == true)
            }
        }

        /// What the primary had acknowledged and the standby had not received is in Kafka and nowhere else. The relay
        /// says exactly that, and goes on only when it is told to.
        @Test(arguments: DeliveryGuarantee.allCases)
        func anAsynchronousStandbyThatLostRowsIsRefusedAndContinued(_ guarantee: DeliveryGuarantee) async throws {
            try await TestStack.withStandby(guarantee, isSynchronous: false) { stack, standby in
                let relay = try await stack.startRelay("first", stack.delivery(guarantee))
                let load = FailoverLoad(stack.database)
                var before: Int64 = 0
                try await load.during {
                    try await stack.written(more: Self.rows)
                    before = load.rounds
                    // The standby receives nothing from here on.
                    try await standby.stop(.fast)
                    try await stack.written(more: Self.rows)
                }
                try await stack.drained()
                let published = try await stack.parcelIDs()
                try await stack.postgres.stop(.immediate)
                try await standby.restart()
                try await standby.promote()
                #expect(try await relay.exit("because the standby lost rows") == 1)
                let kept = Set(try await stack.query("SELECT event_id::text FROM outbox"))
                let lost = published.filter { !kept.contains($0) }.count
                #expect(lost > 0 && kept.count >= Int(before) * Int(FailoverLoad.parcels))
                #expect(relay.output.contains { $0.contains("\(lost) rows are in Kafka and not in this database") })
                #expect(try await stack.query("SELECT reason FROM outbox_relay.decision").isEmpty)
                var told = stack.delivery(guarantee)
                told["RELAY_AFTER_DATA_LOSS"] = "continue"
                _ = try await stack.startRelay("second", told)
                try await stack.leads("second")
                try await FailoverLoad(stack.database).during { try await stack.written(more: Self.rows) }
                try await stack.drained()
                // The loss is exactly what the database lost: everything that it has is in Kafka.
                let after = Set(try await stack.parcelIDs())
                let all = Set(try await stack.query("SELECT event_id::text FROM outbox"))
                #expect(all.isSubset(of: after))
                #expect(after.subtracting(all).count == lost)
                let reason = try await stack.query("SELECT reason FROM outbox_relay.decision").first ?? ""
                #expect(reason.contains("\(lost) rows are in Kafka and not in this database"), "\(reason)")
            }
        }

        /// A restore to a point in time loses what was written since, in the same way.
        @Test func aRestoreToAPointInTimeIsRefusedWithTheExactRows() async throws {
            try await TestStack.withStandby(.atLeastOnce, isSynchronous: false) { stack, _ in
                let relay = try await stack.startRelay("first")
                try await stack.parcels(0..<5)
                let backup = try await stack.postgres.backUp()
                try await stack.parcels(5..<10)
                try await stack.drained()
                try await stack.execute("SELECT pg_create_restore_point('noon')")
                try await stack.parcels(10..<17)
                try await stack.drained()
                relay.signal(SIGTERM)
                #expect(try await relay.exit("because it was told to stop") == 0)
                try await stack.postgres.stop(.fast)
                try await backup.recover(to: "noon", logOf: stack.postgres)
                stack.useServers([backup])
                try await stack.wait(for: "SELECT NOT pg_is_in_recovery()")
                #expect(try await stack.query("SELECT max(sequence_number)::text FROM outbox") == ["9"])
                let refused = try await stack.startRelay("second")
                #expect(try await refused.exit("because the restore is behind Kafka") == 1)
                let lost = 7 * FailoverLoad.parcels
                #expect(refused.output.contains { $0.contains(": \(lost) rows are in Kafka and not in this database") })
            }
        }

        /// A copy of the server's files that was started without being promoted has the same timeline. Only Kafka's
        /// record shows that it is older.
        @Test func anOlderCopyOfTheFilesIsRefusedWithTheExactRows() async throws {
            try await TestStack.withStandby(.atLeastOnce, isSynchronous: false) { stack, _ in
                let relay = try await stack.startRelay("first")
                try await stack.parcels(0..<5)
                try await stack.drained()
                let backup = try await stack.postgres.backUp()
                try await stack.parcels(5..<9)
                try await stack.drained()
                relay.signal(SIGTERM)
                #expect(try await relay.exit("because it was told to stop") == 0)
                try await stack.postgres.stop(.fast)
                try await backup.restart()
                stack.useServers([backup])
                let refused = try await stack.startRelay("second")
                #expect(try await refused.exit("because the copy is behind Kafka's record") == 1)
                let lost = 4 * FailoverLoad.parcels
                #expect(refused.output.contains { $0.contains(": \(lost) rows are in Kafka and not in this database") })
            }
        }

        /// Primaries are changed for maintenance: the old one becomes a standby of the new one, ten times, while rows
        /// flow and nothing is lost.
        @Test func tenSwitchoversLoseAndInvertNothing() async throws {
            try await TestStack.withStandby(.atLeastOnce, isSynchronous: false) { stack, standby in
                let relays = [try await stack.startRelay("first"), try await stack.startRelay("second")]
                let load = FailoverLoad(stack.database)
                try await load.during {
                    var (primary, next) = (stack.postgres, standby)
                    for _ in 1...10 {
                        try await stack.written(more: 100)
                        // The walsender of a server that is stopped cleanly sends all that there is.
                        try await primary.stop(.fast)
                        try await next.promote()
                        try await primary.follow(next)
                        swap(&primary, &next)
                    }
                    try await stack.written(more: 100)
                }
                for relay in relays { #expect(relay.isRunning) }
                try await stack.expectParcels(load.rounds, .atLeastOnce)
                #expect(try await stack.query("SELECT timeline::text FROM outbox_relay.relay") == ["11"])
            }
        }

        /// Consumers have seen events that the database lost. What docs/operations.md says puts them right: the read
        /// model is read again, and payments look for the orders whose payments were lost.
        @Test func theConsumersArePutRightAfterALoss() async throws {
            try await TestStack.withStandby(.atLeastOnce, isSynchronous: false) { stack, standby in
                for service in TestStack.Service.allCases { try await stack.start(service) }
                for service in TestStack.Service.allCases { try await stack.healthy(service) }
                let load = try await stack.startLoad()
                try await load.acknowledged(Self.orders)
                try await standby.stop(.fast)
                try await load.acknowledged(Self.orders)
                _ = try await load.end()
                try await stack.settled()
                let known = try await stack.query("SELECT aggregate_id FROM event WHERE sequence_number = 0")
                try await stack.postgres.stop(.immediate)
                try await standby.restart()
                try await standby.promote()
                #expect(try await stack.process(.relay).exit("because the standby lost rows") == 1)
                try await stack.start(.relay, ["RELAY_AFTER_DATA_LOSS": "continue"])
                #expect(try await stack.terminate(.payments) == 0)
                try await stack.start(.payments, ["PAYMENTS_GROUP": stack.kafka.topicPrefix + "payments-again"])
                let more = try await stack.startLoad()
                try await more.acknowledged(Self.orders)
                let acknowledged = try await more.end()
                try await stack.drained()
                try await stack.projectorReadEverything()
                let kept = Set(try await stack.query("SELECT aggregate_id FROM event WHERE sequence_number = 0"))
                #expect(!kept.isSuperset(of: known))
                let text = try String(
                    contentsOf: TestPaths.root.appending(path: "docs/operations.md"), encoding: .utf8)
                let words = ["rebuild", "--reason", "data loss", "--watch"]
                #expect(text.contains("outboxctl rebuild --reason \"data loss\" --watch\n"))
                let receipt = try await Command.output(
                    [TestPaths.binary("outboxctl").path] + words + ["--yes"],
                    environment: ["DATABASE_URL": stack.databaseURL])
                #expect(receipt.contains("of the old read model:"), "\(receipt)")
                try await stack.settled()
                let (database, kafka) = (stack.database, stack.kafka)
                let violations = try await onThread {
                    var history = try PipelineReader(
                        database: database, kafka: kafka.configuration, topicPrefix: kafka.topicPrefix
                    ).read()
                    // The lost events stay in Kafka, and others have their sequence numbers now.
                    let rows = Set(history.outbox.map(\.eventID))
                    history.records.removeAll { !rows.contains($0.eventID) }
                    return InvariantChecker(history, acknowledged: acknowledged).violations()
                }
                #expect(violations.isEmpty, "\(violations.prefix(5).map(\.description))")
                for service in TestStack.Service.allCases { #expect(try stack.process(service).isRunning) }
            }
        }

        /// Server, relay, projector, payments and `outboxctl` go to the new primary; every acknowledged order is there.
        @Test func theWholeStackFollowsAPromotedStandby() async throws {
            try await TestStack.withStandby(.atLeastOnce, isSynchronous: true) { stack, standby in
                for service in TestStack.Service.allCases { try await stack.start(service) }
                for service in TestStack.Service.allCases { try await stack.healthy(service) }
                let load = try await stack.startLoad()
                try await load.acknowledged(Self.orders)
                try await stack.postgres.stop(.immediate)
                try await standby.promote()
                try await load.acknowledged(Self.orders)
                try await stack.migrate()
                #expect(try await stack.outboxctl("parked").contains("no key is parked"))
                try await stack.expectInvariants(try await load.end())
                for service in TestStack.Service.allCases { #expect(try stack.process(service).isRunning) }
            }
        }
    }
}

extension TestStack {
    /// Runs a test on a migrated stack whose Postgres has a standby; `body` gets the standby. No service is started.
    static func withStandby(
        _ guarantee: DeliveryGuarantee, isSynchronous: Bool,
        _ body: (_ stack: TestStack, _ standby: TestPostgres) async throws -> Void
    ) async throws {
        try await bare(isStrict: guarantee == .exactlyOnce) { stack in
            try await stack.migrate()
            try await stack.kafka.createTopic("parcel", partitions: 8)
            let standby = try await stack.postgres.makeStandby()
            if isSynchronous {
                try await stack.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                try await stack.execute("SELECT pg_reload_conf()")
                try await stack.wait(for: "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
            }
            stack.useServers([stack.postgres, standby])
            try await body(stack, standby)
        }
    }

    /// What tells a relay how to deliver.
    func delivery(_ guarantee: DeliveryGuarantee) -> [String: String] {
        guarantee == .exactlyOnce ? exactlyOnce : [:]
    }

    /// Writes these rounds of parcels at once.
    ///
    /// - Parameter server: by default the one that the stack uses.
    func parcels(_ rounds: Range<Int>, on server: TestPostgres? = nil) async throws {
        let database = PostgresConfiguration(
            url: server.map { url([$0]) } ?? databaseURL, applicationName: "end-to-end-tests")
        try await onThread {
            try PostgresConnection(database).execute(Self.insert(rounds))
        }
    }

    private static func insert(_ rounds: Range<Int>) -> String {
        """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        SELECT 'parcel', 'parcel-' || p, s, 'parcel_moved', convert_to(p || '/' || s, 'UTF8')
        FROM generate_series(\(rounds.lowerBound), \(rounds.upperBound - 1)) s,
             generate_series(1, \(FailoverLoad.parcels)) p
        """
    }

    /// Waits until the projector has read every message of orders that is in Kafka now.
    func projectorReadEverything() async throws {
        let ends = try await records(kafka.topic("order")).reduce(into: [Int32: Int64]()) {
            $0[$1.partition] = $1.offset
        }
        let values = ends.map { "(\($0.key), \($0.value))" }.joined(separator: ", ")
        try await wait(
            for: """
                SELECT NOT EXISTS (SELECT FROM (VALUES \(values)) AS e (partition, last)
                                   LEFT JOIN order_projection_offset AS o USING (partition)
                                   WHERE coalesce(o.next_offset, 0) <= e.last)
                """)
    }

    /// The event ids of the parcels in Kafka.
    func parcelIDs() async throws -> [String] {
        try await records(kafka.topic("parcel")).compactMap { $0.headerText("id") }
    }

    /// Every acknowledged round is in the database, every row of the database is in Kafka, each parcel's first
    /// occurrences are in order, and with exactly-once delivery each row is there once.
    func expectParcels(_ rounds: Int64, _ guarantee: DeliveryGuarantee) async throws {
        try await drained()
        let counts = try await query(
            "SELECT count(*) || ' ' || max(sequence_number) FROM outbox WHERE sequence_number < \(rounds)")
        #expect(counts == ["\(rounds * FailoverLoad.parcels) \(rounds - 1)"])
        let records = try await records(kafka.topic("parcel"))
        var seen: Set<String> = []
        var newest: [String: Int] = [:]
        var inversions = 0
        for record in records where seen.insert(record.headerText("id") ?? "").inserted {
            let sequence = Int(record.headerText("ce_sequence") ?? "") ?? -1
            if sequence != newest[record.keyText ?? "", default: -1] + 1 { inversions += 1 }
            newest[record.keyText ?? ""] = sequence
        }
        #expect(inversions == 0)
        let rows = Set(try await query("SELECT event_id::text FROM outbox"))
        #expect(rows == seen, "\(rows.subtracting(seen).count) missing, \(seen.subtracting(rows).count) not in outbox")
        if guarantee == .exactlyOnce { #expect(records.count == rows.count) }
        print("\(records.count) records, \(records.count - seen.count) of them repeated")
    }
}
