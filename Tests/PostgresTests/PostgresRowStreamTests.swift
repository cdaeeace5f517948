import Postgres
import TestKit
import Testing

/// Rows that COPY sends.
struct PostgresRowStreamTests {
    private func connected(_ body: @escaping @Sendable (PostgresConnection) throws -> Void) async throws {
        let configuration = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        try await onThread { try body(PostgresConnection(configuration)) }
    }

    @Test func valuesOfEachRow() async throws {
        try await connected { connection in
            let rows = try PostgresRowStream(
                connection, columns: 5,
                """
                SELECT n::bigint, (n * 2)::integer, CASE WHEN n <> 2 THEN repeat('x', n) END, '\\x00ff'::bytea,
                       timestamptz '2026-01-31 12:00+00'
                FROM generate_series(1, 3) AS n ORDER BY n
                """)
            for number in 1...3 {
                #expect(try rows.next())
                #expect(try rows.int64(0) == Int64(number))
                #expect(try rows.int32(1) == Int32(2 * number))
                #expect(rows.isNull(2) == (number == 2))
                #expect(rows.bytes(2).count == (number == 2 ? 0 : number))
                #expect(Array(rows.bytes(3)) == [0, 255])
                #expect(try rows.timestampMicroseconds(4) == 1_769_860_800_000_000)
                #expect(throws: PostgresError.self) { try rows.int64(3) }
                #expect(throws: PostgresError.self) { try rows.int32(2) }
            }
            #expect(try !rows.next())
            #expect(try !rows.next())
            #expect(try connection.query("SELECT 1").int32(0, 0) == 1)
        }
    }

    @Test func noRows() async throws {
        try await connected { connection in
            let rows = try PostgresRowStream(connection, columns: 1, "SELECT 1 WHERE false")
            #expect(try !rows.next())
            #expect(try connection.query("SELECT 1").int32(0, 0) == 1)
        }
    }

    /// More than any buffer has, one long value among them.
    @Test func manyRows() async throws {
        try await connected { connection in
            let rows = try PostgresRowStream(
                connection, columns: 1,
                "SELECT CASE n WHEN 70000 THEN repeat('y', 3000000) ELSE n::text END FROM generate_series(1, 100000) n")
            var (count, bytes) = (0, 0)
            while try rows.next() {
                count += 1
                bytes += rows.bytes(0).count
            }
            #expect(count == 100_000)
            #expect(bytes == 3_000_000 + 488_895 - 5)
        }
    }

    @Test func errorsBeforeAndAmongTheRows() async throws {
        try await connected { connection in
            let early = #expect(throws: PostgresError.self) {
                try PostgresRowStream(connection, columns: 1, "SELECT nothing")
            }
            #expect(early?.sqlState == "42703")
            let rows = try PostgresRowStream(
                connection, columns: 1, "SELECT 1 / (50000 - n) FROM generate_series(1, 100000) AS n")
            var count = 0
            let late = #expect(throws: PostgresError.self) { while try rows.next() { count += 1 } }
            #expect(late?.sqlState == "22012")
            #expect(count == 49_999)
        }
    }

    @Test func anotherNumberOfColumnsIsAnError() async throws {
        try await connected { connection in
            let rows = try PostgresRowStream(connection, columns: 3, "SELECT 1, 2")
            let failure = #expect(throws: PostgresError.self) { try rows.next() }
            #expect(failure?.code == .decoding)
        }
    }

    /// The server still sends: nothing else can be asked on the connection.
    @Test func aStreamThatIsNotReadToItsEndGivesTheConnectionUp() async throws {
        try await connected { connection in
            do {
                let rows = try PostgresRowStream(connection, columns: 1, "SELECT 1 FROM generate_series(1, 100000)")
                #expect(try rows.next())
            }
            #expect(!connection.isUsable)
        }
    }
}
