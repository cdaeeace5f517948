import Postgres
import TestKit
import Testing
import Threads
import Values

@testable import Outbox

/// What a relay decides about a new timeline, with a Kafka that answers what the test wants. Real standbys are in the
/// end-to-end tests.
struct PromotionTests {
    @Test func aDatabaseThatKnowsTheNewestCutGoesOn() async throws {
        let outbox = try await promoted()
        try await onThread {
            for newest in [nil, 3, 7] as [Int64?] {
                let outcome = try Self.decide(outbox, StubKafka(rows: PublishedRows(newestCut: newest)))
                #expect(outcome.reason.hasSuffix("every row that is in Kafka is in this database (cut 7)"))
                #expect(!outcome.isBehind && outcome.lostRows == 0)
                #expect(try Self.state(outbox) == "1 7")
                try outbox.connect().execute("UPDATE outbox_relay.relay SET timeline = -1")
            }
            let decisions = try outbox.connect().query("SELECT action, reason FROM outbox_relay.decision")
            #expect(decisions.count == 3)
        }
    }

    /// The commit of the cut was lost, and no row of it: at least once they are repeated, under a number that no
    /// history has reached. Exactly once nothing may be repeated unasked.
    @Test func rowsWhoseCutIsForgottenAreRepeatedAtLeastOnceOnly() async throws {
        let outbox = try await promoted()
        try await onThread {
            let kafka = StubKafka(rows: PublishedRows(newestCut: 8, rows: try Self.published(outbox)))
            #expect(throws: OutboxError.self) { try Self.decide(outbox, kafka, .exactlyOnce) }
            #expect(try Self.state(outbox) == "-1 7")
            #expect(try !Self.decide(outbox, kafka).isBehind)
            let cut = try outbox.connect().query("SELECT cut FROM outbox_relay.checkpoint").int64(0, 0)
            #expect(cut > Recovery.firstRebasedCut)
        }
    }

    @Test func lostRowsAreRefusedByNumberAndPlaceOrCounted() async throws {
        let outbox = try await promoted()
        try await onThread {
            var rows = try Self.published(outbox)
            rows += (0..<3).map {
                PublishedRow(
                    topic: "t", partition: 2, offset: 40 + $0, cut: 9, eventID: .v7(), time: 1_764_600_000_000 + $0)
            }
            let kafka = StubKafka(rows: PublishedRows(newestCut: 9, rows: rows))
            let error = #expect(throws: OutboxError.self) { try Self.decide(outbox, kafka) }
            #expect(error?.code == .dataLoss && error?.isFinal == true)
            #expect(error?.message.contains(": 3 rows are in Kafka and not in this database") == true)
            #expect(error?.message.contains("t[2] offsets 40 to 42 (3)") == true)
            #expect(try Self.state(outbox) == "-1 7")
            for guarantee in DeliveryGuarantee.allCases {
                #expect(try Self.decide(outbox, kafka, guarantee, .goOn).lostRows == 3)
                let kept = try outbox.connect().query(
                    """
                    DELETE FROM outbox_relay.record_loss RETURNING cause || ' ' || topic || ' ' || partition || ' '
                        || lost_from || ' ' || lost_until || ' ' || lost_rows
                    """)
                #expect(try kept.string(0, 0) == "database t 2 40 43 3" && kept.count == 1)
                try outbox.connect().execute(
                    "UPDATE outbox_relay.relay SET timeline = -1; UPDATE outbox_relay.checkpoint_0 SET cut = 7")
            }
        }
    }

    /// Looking for rows in a large outbox, or in one that is locked, takes longer than the other statements of the
    /// leading connection may.
    @Test func theLookForLostRowsMayTakeLong() async throws {
        let outbox = try await promoted()
        async let locked: Void = onThread {
            try outbox.connect().execute(
                """
                BEGIN; LOCK TABLE outbox;
                SELECT pg_sleep(\(OutboxLimits.leadStatementSeconds + 1)); COMMIT
                """)
        }
        try await onThread {
            let observer = try outbox.connect()
            let isLocked = PostgresStatement(
                """
                SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'outbox'::regclass
                               AND mode = 'AccessExclusiveLock' AND granted), pg_sleep(0.002)
                """)
            while try !observer.query(isLocked).bool(0, 0) {}
            let row = PublishedRow(topic: "t", partition: 0, offset: 7, cut: 8, eventID: .v7(), time: nil)
            let kafka = StubKafka(rows: PublishedRows(newestCut: 8, rows: [row]))
            #expect(try Self.decide(outbox, kafka, .atLeastOnce, .goOn).lostRows == 1)
        }
        try await locked
    }

    /// Kafka has deleted the rows by their age; its record still names the cut.
    @Test func aRecordAheadOfTheCheckpointIsALossThatCannotBeCounted() async throws {
        let outbox = try await promoted()
        try await onThread {
            let server = try ServerIdentity.current(outbox.connect())
            var kafka = StubKafka(rows: PublishedRows(newestCut: 5))
            for (cut, isRefused) in [(7, false), (8, true)] as [(Int64, Bool)] {
                kafka.record = DeliveryRecord(
                    origin: server.origin(schema: "outbox_relay"), epoch: 1, cut: cut, through: 1)
                if isRefused {
                    let error = #expect(throws: OutboxError.self) { try Self.decide(outbox, kafka) }
                    #expect(error?.message.contains("which are not in Kafka any more") == true)
                } else {
                    #expect(try !Self.decide(outbox, kafka).isBehind)
                    try outbox.connect().execute("UPDATE outbox_relay.relay SET timeline = -1")
                }
            }
        }
    }

    @Test func aKafkaThatDoesNotTellIsWaitedForAndOneThatRefusesNeedsADecision() async throws {
        let outbox = try await promoted()
        try await onThread {
            for kind in [.transient, .client] as [PublishFailure.Kind] {
                let kafka = StubKafka(failure: PublishFailure(kind, "TOPIC_AUTHORIZATION_FAILED"))
                let error = #expect(throws: OutboxError.self) { try Self.decide(outbox, kafka) }
                #expect(error?.code == .publisher && error?.isFinal == false)
            }
            let away = StubKafka(failure: PublishFailure(.transient, "TIMED_OUT"))
            #expect(throws: OutboxError.self) { try Self.decide(outbox, away, .atLeastOnce, .goOn) }
            let closed = StubKafka(failure: PublishFailure(.client, "TOPIC_AUTHORIZATION_FAILED"))
            let outcome = try Self.decide(outbox, closed, .atLeastOnce, .goOn)
            #expect(outcome.isBehind)
        }
    }

    /// Its rows are told, and the record, which can be ahead of them, is not: that is no proof that there is none.
    @Test func aRecordThatIsNotToldIsWaitedForAndOneThatMayNotBeReadIsNot() async throws {
        let outbox = try await promoted()
        try await onThread { () throws in
            let silent = StubKafka(
                rows: PublishedRows(newestCut: 7), recordFailure: PublishFailure(.transient, "TIMED_OUT"))
            for policy in DataLossPolicy.allCases {
                let error = #expect(throws: OutboxError.self) {
                    try Self.decide(outbox, silent, .atLeastOnce, policy)
                }
                #expect(error?.code == .publisher && error?.isFinal == false)
                #expect(try Self.state(outbox) == "-1 7")
            }
            let closed = StubKafka(
                rows: PublishedRows(newestCut: 7), recordFailure: PublishFailure(.client, "TOPIC_AUTHORIZATION_FAILED"))
            #expect(try !Self.decide(outbox, closed).isBehind)
        }
    }

    @Test func anEarlierTimelineThanTheCheckpointsIsForeign() async throws {
        let outbox = try await promoted()
        try await onThread {
            try outbox.connect().execute("UPDATE outbox_relay.relay SET timeline = 5")
            let lead = try LeadConnection(outbox.configuration, factory: StubKafka())
            let error = #expect(throws: OutboxError.self) { try lead.tryToLead() }
            #expect(error?.code == .foreign)
        }
    }

    /// An outbox of two rows whose checkpoint, cut 7, was made on an earlier timeline.
    private func promoted() async throws -> TestOutbox {
        let outbox = try await TestOutbox()
        try await onThread {
            let connection = try outbox.connect()
            try connection.insertRow("a", 0)
            try connection.insertRow("a", 1)
            let server = try ServerIdentity.current(connection)
            try connection.execute(
                """
                UPDATE outbox_relay.relay
                SET system_identifier = \(server.systemIdentifier), database_oid = \(server.databaseOID), timeline = -1;
                UPDATE outbox_relay.checkpoint_0 SET cut = 7
                """)
        }
        return outbox
    }

    private static func decide(
        _ outbox: TestOutbox, _ kafka: StubKafka, _ guarantee: DeliveryGuarantee = .atLeastOnce,
        _ policy: DataLossPolicy = .refuse
    ) throws -> Promotion.Outcome {
        var configuration = outbox.configuration
        configuration.guarantee = guarantee
        configuration.afterDataLoss = policy
        let lead = try LeadConnection(configuration, factory: kafka)
        defer { lead.resign() }
        // The session of the decision before may not have ended yet.
        while try !lead.tryToLead() { try lead.connection.execute("SELECT pg_sleep(0.002)") }
        return try #require(lead.promotion)
    }

    /// The rows of the outbox as Kafka has them, of a cut that the database does not know.
    private static func published(_ outbox: TestOutbox) throws -> [PublishedRow] {
        let rows = try outbox.connect().query("SELECT event_id FROM outbox")
        return try (0..<rows.count).map {
            PublishedRow(topic: "t", partition: 0, offset: Int64($0), cut: 8, eventID: try rows.uuid($0, 0), time: nil)
        }
    }

    private static func state(_ outbox: TestOutbox) throws -> String {
        try outbox.connect().query(
            "SELECT timeline || ' ' || cut FROM outbox_relay.relay, outbox_relay.checkpoint"
        ).string(0, 0)
    }
}

/// A Kafka that answers one thing.
private struct StubKafka: PublisherFactory {
    var rows = PublishedRows()
    var record: DeliveryRecord?
    var failure: PublishFailure?
    var recordFailure: PublishFailure?

    func makePublisher(wake: WakeDescriptor) throws(OutboxError) -> any Publisher {
        throw OutboxError(.publisher, "nothing is published here")
    }

    func publishedRows(
        of outbox: OutboxOrigin, after cut: Int64, guarantee: DeliveryGuarantee, within limit: Duration
    ) throws(PublishFailure) -> PublishedRows {
        if let failure { throw failure }
        return rows
    }

    func makeRecordKeeper(for outbox: OutboxOrigin) -> (any RecordKeeper)? {
        StubKeeper(record, recordFailure)
    }
}

private final class StubKeeper: RecordKeeper {
    private let record: DeliveryRecord?
    private let failure: PublishFailure?

    init(_ record: DeliveryRecord?, _ failure: PublishFailure?) {
        self.record = record
        self.failure = failure
    }

    func lastRecord(within limit: Duration) throws(PublishFailure) -> DeliveryRecord? {
        if let failure { throw failure }
        return record
    }

    func write(_ record: DeliveryRecord, within limit: Duration) {}
}
