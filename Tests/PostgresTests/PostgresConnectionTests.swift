import Postgres
import TestKit
import Testing
import Threads
import Values

struct PostgresConnectionTests {
    private func connected<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T
    {
        let url = try await TestPostgres.emptyDatabase()
        return try await onThread {
            try body(PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")))
        }
    }

    @Test func everyTypeSurvivesTheRoundTrip() async throws {
        try await connected { connection in
            let id = UUIDBytes.v7()
            let rows = try connection.query(
                """
                SELECT $1::text, $2::int8, $3::int4, $4::bool, $5::bytea, $6::uuid, $7::timestamptz, $8::text,
                       ($9::numeric)::text
                """,
                [
                    .text("grüße"), .int8(.min), .int4(-7), .bool(true), .bytea([0, 255, 1]), .uuid(id),
                    .timestamp(microsecondsSince1970: 1_700_000_000_123_456), .text(nil), .literal("12.50"),
                ])
            #expect(try rows.string(0, 0) == "grüße")
            #expect(try rows.int64(0, 1) == .min)
            #expect(try rows.int32(0, 2) == -7)
            #expect(try rows.bool(0, 3))
            #expect(try rows.bytes(0, 4) == [0, 255, 1])
            #expect(try rows.uuid(0, 5) == id)
            #expect(try rows.timestampMicroseconds(0, 6) == 1_700_000_000_123_456)
            #expect(rows.isNull(0, 7))
            #expect(try rows.string(0, 8) == "12.50")
            #expect(throws: PostgresError.self) { try rows.string(0, 7) }
            #expect(throws: PostgresError.self) { try rows.int64(0, 0) }
            #expect(throws: PostgresError.self) { try rows.int64(1, 0) }
        }
    }

    @Test func arraysTravelInBinary() async throws {
        try await connected { connection in
            var numbers = PostgresArray(.int8, reserving: 3)
            var texts = PostgresArray(.text)
            for (number, text) in [(1, "a"), (-2, ""), (3, "ü")] {
                numbers.append(Int64(number))
                texts.append(text)
            }
            texts.appendNull()
            numbers.append(4)
            let rows = try connection.query(
                "SELECT n, t FROM unnest($1::int8[], $2::text[]) AS x(n, t)", [.array(numbers), .array(texts)])
            #expect(rows.count == 4)
            #expect(try rows.int64(1, 0) == -2)
            #expect(try rows.string(1, 1) == "")
            #expect(try rows.string(2, 1) == "ü")
            #expect(rows.isNull(3, 1))
            let empty = try connection.query("SELECT cardinality($1::uuid[])", [.array(PostgresArray(.uuid))])
            #expect(try empty.int32(0, 0) == 0)
        }
    }

    @Test func aFailingStatementOfAPipelineUndoesTheOthersAndLeavesTheConnectionUsable() async throws {
        try await connected { connection in
            try connection.execute("CREATE TABLE t (n int8 PRIMARY KEY)")
            let insert: PostgresStatement = "INSERT INTO t VALUES ($1)"
            let error = #expect(throws: PostgresError.self) {
                try connection.pipeline([
                    .init(insert, [.int8(1)]), .init(insert, [.int8(1)]), .init(insert, [.int8(2)]),
                ])
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.statementIndex == 1)
            #expect(try connection.query("SELECT count(*) FROM t").int64(0, 0) == 0)
            let results = try connection.pipeline([.init(insert, [.int8(1)]), .init("SELECT count(*) FROM t")])
            #expect(results[0].affectedRows == 1)
            #expect(try results[1].int64(0, 0) == 1)
        }
    }

    @Test func aCommitThatFailsAtSyncIsAnErrorThoughItsStatementsSucceeded() async throws {
        try await connected { connection in
            try connection.execute(
                """
                CREATE TABLE t (n int8, CONSTRAINT late UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);
                INSERT INTO t VALUES (1)
                """
            )
            let error = #expect(throws: PostgresError.self) {
                try connection.pipeline([.init("INSERT INTO t VALUES ($1) RETURNING n", [.int8(1)])])
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.statementIndex == nil)
            #expect(try connection.query("SELECT count(*) FROM t").int64(0, 0) == 1)
        }
    }

    @Test func aCommitThatFailsAfterALoneStatementIsAnErrorToo() async throws {
        try await connected { connection in
            try connection.execute(
                """
                CREATE TABLE t (n int8, CONSTRAINT late UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);
                INSERT INTO t VALUES (1)
                """
            )
            let error = #expect(throws: PostgresError.self) {
                try connection.query("INSERT INTO t VALUES ($1) RETURNING n", [.int8(1)])
            }
            #expect(error?.sqlState == "23505")
            #expect(try connection.query("SELECT count(*) FROM t").int64(0, 0) == 1)
        }
    }

    @Test func aStartedStatementAnswersWhateverIsAskedMeanwhile() async throws {
        try await connected { connection in
            let started = try connection.start("SELECT n FROM generate_series(1, $1) AS n", [.int8(100_000)])
            #expect(try connection.query("SELECT 1").int32(0, 0) == 1)
            #expect(try connection.result(of: started).count == 100_000)
            #expect(try connection.result(of: started).int64(99_999, 0) == 100_000)

            // A failure reaches the statement it belongs to, and a dropped answer nothing else.
            let failing = try connection.start("SELECT 1 / $1", [.int8(0)])
            _ = try connection.start("SELECT 2")
            #expect(try connection.query("SELECT 3").int32(0, 0) == 3)
            let error = #expect(throws: PostgresError.self) { try connection.result(of: failing) }
            #expect(error?.sqlState == "22012")
        }
    }

    @Test func aLargePipelineDoesNotDeadlockOnFullSocketBuffers() async throws {
        try await connected { connection in
            let payload = [UInt8](repeating: 7, count: 200_000)
            let queries = (0..<100).map { _ in PostgresQuery("SELECT $1::bytea", [.bytea(payload)]) }
            let results = try connection.pipeline(queries)
            #expect(results.count == 100)
        }
    }

    @Test func aLostConnectionIsToldApartFromARefusal() async throws {
        try await connected { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.query("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(error?.isConnectionLost == true)
            #expect(!connection.isUsable)
            let second = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(second?.code == .connection)
        }
    }

    @Test func aConnectionLostInsideAPipelineIsSaidSo() async throws {
        try await connected { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.pipeline([.init("SELECT pg_terminate_backend(pg_backend_pid())"), .init("SELECT 1")])
            }
            #expect(error?.isConnectionLost == true)
            #expect(!connection.isUsable)
        }
    }

    @Test func aStatementBeyondItsDeadlineGivesTheConnectionUp() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            var configuration = PostgresConfiguration(url: url, applicationName: "tests")
            configuration.statementDeadline = .milliseconds(100)
            let connection = try PostgresConnection(configuration)
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT pg_sleep(20)") }
            #expect(error?.code == .deadline)
            #expect(!connection.isUsable)
        }
    }

    @Test func noServerIsAConnectionErrorWithoutSecrets() async throws {
        let port = try FreePort.next()
        try await onThread {
            let configuration = PostgresConfiguration(
                url: "postgresql://u:secret@127.0.0.1:\(port)/d", applicationName: "tests")
            let error = #expect(throws: PostgresError.self) { try PostgresConnection(configuration) }
            #expect(error?.code == .connection)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test func notificationsWakeTheWait() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            let configuration = PostgresConfiguration(url: url, applicationName: "tests")
            let listener = try PostgresConnection(configuration)
            let wake = try WakeDescriptor()
            try listener.listen("news")
            let sender = try PostgresConnection(configuration)
            try sender.query("SELECT pg_notify('news', 'hello')")
            while true {
                guard case .received = try listener.waitForActivity(until: .now + .seconds(20), or: wake) else { break }
                if let first = try listener.notifications().first {
                    #expect(first.payload == "hello")
                    return
                }
            }
            Issue.record("no notification arrived")
        }
    }

    @Test func theWakeDescriptorEndsTheWait() async throws {
        try await connected { connection in
            let wake = try WakeDescriptor()
            wake.wake()
            let activity = try connection.waitForActivity(until: nil, or: wake)
            guard case .woken = activity else {
                Issue.record("ended with \(activity)")
                return
            }
        }
    }

    @Test func aThrowingTransactionLeavesNothing() async throws {
        struct Refusal: Error {}
        try await connected { connection in
            try connection.execute("CREATE TABLE t (n int8)")
            #expect(throws: Refusal.self) {
                try connection.transaction {
                    try connection.execute("INSERT INTO t VALUES (1)")
                    throw Refusal()
                }
            }
            #expect(try connection.query("SELECT count(*) FROM t").int64(0, 0) == 0)
        }
    }

    @Test func theSettingThatMakesSessionsReadOnlyIsNamed() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            var configuration = PostgresConfiguration(url: url, applicationName: "tests")
            let name = url.split(separator: "/").last ?? ""
            try PostgresConnection(configuration).execute(
                "ALTER DATABASE \(name) SET default_transaction_read_only = on")
            configuration.readWriteOnly = true
            let refused = configuration
            let error = #expect(throws: PostgresError.self) { try PostgresConnection(refused) }
            #expect(
                error?.message.contains("default_transaction_read_only is on") == true, "\(String(describing: error))")
        }
    }

    @Test func anIdleSessionMayBeKept() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            var configuration = PostgresConfiguration(url: url, applicationName: "tests")
            let name = url.split(separator: "/").last ?? ""
            try PostgresConnection(configuration).execute("ALTER DATABASE \(name) SET idle_session_timeout = '1min'")
            let show: PostgresStatement = "SHOW idle_session_timeout"
            #expect(try PostgresConnection(configuration).query(show).string(0, 0) == "1min")
            configuration.outlivesIdleTimeout = true
            #expect(try PostgresConnection(configuration).query(show).string(0, 0) == "0")
        }
    }
}
