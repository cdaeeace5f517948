import Dispatch
import Postgres
import TestKit
import Testing

@testable import Outbox

/// A checkpoint that belongs to another server is refused until an operator rebases.
struct RebaseTests {
    @Test func anotherSystemIdentifierIsRefusedAndTheMessageNamesTheCommand() async throws {
        let outbox = try await published()
        try await onThread {
            try outbox.connect().execute("UPDATE outbox_relay.relay SET system_identifier = system_identifier + 1")
        }
        await refuses(outbox)
    }

    @Test func aCounterThatWentBackwardsIsRefused() async throws {
        let outbox = try await published()
        try await onThread {
            try outbox.connect().execute(
                """
                UPDATE outbox_relay.checkpoint_0 SET published = '900000000:900000000:', draining = NULL;
                UPDATE outbox_relay.checkpoint_1 SET published = '900000000:900000000:', draining = NULL
                """)
        }
        await refuses(outbox)
    }

    @Test func afterARebaseRowsSinceTheGivenTimeArePublishedAgainInOrder() async throws {
        let outbox = try await published()
        let rebase = try await onThread {
            let connection = try outbox.connect()
            // As after restoring a dump elsewhere: ids that this server has not reached.
            try connection.execute(
                """
                UPDATE outbox_relay.relay SET system_identifier = 1;
                UPDATE outbox SET transaction_id = '900000000'::xid8;
                UPDATE outbox SET created_at = '2020-01-01' WHERE sequence_number < 3
                """)
            return try OutboxOperator(connection).rebase(republishSince: "2021-01-01", reason: "restored")
        }
        #expect(rebase.republished == 2)
        #expect(rebase.leftAlone == 3)
        let before = outbox.topic.messages.count
        try await withRelay(try outbox.relay()) {
            try await onThread {
                try outbox.connect().insertRow("a", 5)
                #expect(outbox.topic.wait { $0.count >= before + 3 })
            }
        }
        #expect(outbox.topic.messages.dropFirst(before).map(\.sequence) == [3, 4, 5])
    }

    @Test func aRebaseIsRefusedWhileARelayLeads() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let lead = try LeadConnection(outbox.configuration)
            #expect(try lead.tryToLead())
            #expect {
                try OutboxOperator(outbox.connect()).rebase(republishSince: "-infinity", reason: "none")
            } throws: {
                ($0 as? OutboxError)?.code == .fenced
            }
        }
    }

    /// The operator stops the relay and rebases at once; Postgres has not noticed yet that the relay is gone.
    @Test func aRebaseWaitsForALeaderThatIsLeaving() async throws {
        let outbox = try await TestOutbox()
        let leads = DispatchSemaphore(value: 0)
        async let leader: Void = onThread {
            let lead = try LeadConnection(outbox.configuration)
            #expect(try lead.tryToLead())
            leads.signal()
            let observer = try outbox.connect()
            let isWaitedFor: PostgresStatement =
                """
                SELECT count(*) > 0 FROM pg_locks JOIN pg_database AS d ON d.oid = database WHERE NOT granted AND
                datname = current_database()
                """
            let limit = ContinuousClock.now + .seconds(60)
            while try !observer.query(isWaitedFor).bool(0, 0), .now < limit {}
            lead.resign()
        }
        try await onThread {
            leads.wait()
            _ = try OutboxOperator(outbox.connect()).rebase(republishSince: "-infinity", reason: "restored")
        }
        try await leader
    }

    /// Services start in any order, so the relay may come before the migration: no reason to give up.
    @Test func aDatabaseWithoutTheRelaysTablesIsWaitedFor() async throws {
        let configuration = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        let error = try await onThread {
            let connection = try PostgresConnection(configuration)
            return #expect(throws: OutboxError.self) { try RelayIdentity.read(connection, schema: "outbox_relay") }
        }
        #expect(error?.code == .notMigrated)
        #expect(error?.isFinal == false)
    }

    private func published() async throws -> TestOutbox {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay()) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<5 as Range<Int64> { try writer.insertRow("a", sequence) }
                #expect(outbox.topic.wait { $0.count == 5 })
            }
        }
        return outbox
    }

    private func refuses(_ outbox: TestOutbox) async {
        let error = await #expect(throws: OutboxError.self) { try await outbox.relay().run() }
        #expect(error?.code == .foreign)
        #expect(error?.message.contains("outboxctl rebase") == true)
    }
}
