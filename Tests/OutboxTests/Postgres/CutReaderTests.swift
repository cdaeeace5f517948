import Postgres
import TestKit
import Testing

@testable import Outbox

/// A backlog is read in chunks that end by their rows or by their bytes, each row once and in order.
struct CutReaderTests {
    @Test func chunksEndByTheirRows() async throws {
        try await read(rows: 2 * OutboxLimits.rowsPerChunk + 10, payloadBytes: 10) { sizes in
            // The first is small, before it is known how large rows are; then they grow to their bound.
            #expect(sizes.first == OutboxLimits.rowsOfFirstChunk)
            #expect(sizes.max() == OutboxLimits.rowsPerChunk)
        }
    }

    @Test func chunksEndWithTheRowThatReachesTheirBytes() async throws {
        let payload = 10_000
        let full = OutboxLimits.bytesPerChunk / payload + 1
        try await read(rows: 3_000, payloadBytes: payload) { sizes in
            #expect(sizes.allSatisfy { $0 <= full })
            #expect(sizes.count <= 4 * 3_000 / full, "chunks of half their bytes are aimed at")
        }
    }

    /// Small rows, then rows so large that fewer fit than were asked for, then small rows again.
    @Test func rowsOfEverySizeAreReadOnce() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let reader = try Self.reader(outbox, rows: 6_000, payloadBytes: 10) { connection in
                for (rows, bytes) in [(40, 300_000), (3, OutboxLimits.bytesPerChunk), (2_000, 100)] {
                    try connection.query(
                        """
                        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                        SELECT 'order', 'a', n, 'happened', convert_to(repeat('x', $2), 'UTF8') FROM generate_series(1,
                            $1) AS n
                        """, [.int4(Int32(rows)), .int4(Int32(bytes))])
                }
            }
            let (ids, sizes) = try Self.readAll(reader)
            #expect(ids.count == 6_000 + 40 + 3 + 2_000)
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
            #expect(sizes.count < 40, "\(sizes)")
        }
    }

    @Test func aRowLargerThanAChunkIsAChunkOfItsOwn() async throws {
        try await read(rows: 3, payloadBytes: OutboxLimits.bytesPerChunk + 1) { sizes in
            #expect(sizes.prefix(3) == [1, 1, 1])
        }
    }

    /// The chunk that was read ahead serves the next read only; a read from further back gets the rows from there.
    @Test func readingAgainFromFurtherBackForgetsWhatWasReadAhead() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let reader = try Self.reader(outbox, rows: 2 * OutboxLimits.rowsPerChunk, payloadBytes: 10)
            let first = try reader.read(after: 0)
            _ = try reader.read(after: first.lastID)
            #expect(try reader.read(after: 0).outboxID(0) == first.outboxID(0))
            reader.settle()
            #expect(try reader.read(after: first.lastID - 5).outboxID(0) == first.lastID - 4)
        }
    }

    /// A writer that names the column can write times that no message can express.
    @Test func aTimeOutOfReasonCountsAsTheFirstOrTheLast() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let first = OutboxRow.times.lowerBound
            let last = OutboxRow.times.upperBound
            let times: [(String, Int64)] = [
                ("-infinity", first), ("4713-01-01 BC", first), ("0001-12-31 23:59:59.999999+00 BC", first),
                ("0001-01-01 00:00:00+00", first), ("1970-01-01 00:00:00.000001+00", 1),
                ("9999-12-31 23:59:59.999999+00", last),
                ("12026-01-01", last), ("294276-12-31 23:59:59", last), ("infinity", last),
            ]
            let reader = try Self.reader(outbox, rows: 0, payloadBytes: 0) { connection in
                for (time, _) in times {
                    try connection.query(
                        """
                        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload,
                        created_at) VALUES ('order', 'a', 0, 'happened', 'x', $1::timestamptz)
                        """,
                        [.literal(time)])
                }
            }
            var chunk = try reader.read(after: 0)
            try #require(chunk.count == times.count)
            for (row, (_, time)) in times.enumerated() {
                chunk.next = row
                #expect(try chunk.row(row, by: RowMark(epoch: 0)).createdAt == time)
                #expect(chunk.nextCreatedAt == time)
            }
        }
    }

    private func read(rows: Int, payloadBytes: Int, _ check: @escaping @Sendable ([Int]) -> Void) async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let (ids, sizes) = try Self.readAll(try Self.reader(outbox, rows: rows, payloadBytes: payloadBytes))
            #expect(ids.count == rows)
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
            check(sizes)
        }
    }

    private static func readAll(_ reader: CutReader) throws -> (ids: [Int64], sizes: [Int]) {
        var ids: [Int64] = []
        var sizes: [Int] = []
        var isLast = false
        while !isLast {
            let chunk = try reader.read(after: ids.last ?? 0)
            for row in 0..<chunk.count { ids.append(try chunk.outboxID(row)) }
            sizes.append(chunk.count)
            isLast = chunk.isLast
        }
        return (ids, sizes)
    }

    /// A reader at the beginning of a cut of this many rows, on a connection with the relay's settings.
    private static func reader(
        _ outbox: TestOutbox, rows: Int, payloadBytes: Int, besides: (PostgresConnection) throws -> Void = { _ in }
    ) throws -> CutReader {
        let connection = try PostgresConnection(outbox.configuration.workConnection)
        let before = try connection.query("SELECT pg_current_snapshot()::text").string(0, 0)
        try connection.query(
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'order', 'a', n, 'happened', convert_to(repeat('x', $2), 'UTF8') FROM generate_series(1, $1) AS n
            """, [.int4(Int32(rows)), .int4(Int32(payloadBytes))])
        try besides(connection)
        let after = try connection.query("SELECT pg_current_snapshot()::text").string(0, 0)
        let reader = CutReader(connection, statements: CutStatements(schema: "outbox_relay"))
        guard let published = Snapshot(before), let draining = Snapshot(after) else {
            throw TestFailure("no snapshots")
        }
        reader.begin(published: published, draining: draining)
        return reader
    }
}
