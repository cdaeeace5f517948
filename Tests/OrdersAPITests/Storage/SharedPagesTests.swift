import Dispatch
import Postgres
import Synchronization
import TestKit
import Testing

@testable import OrdersAPI

/// Callers of the list that wait share a read; nobody gets rows that were read before it asked.
struct SharedPagesTests {
    @Test(.timeLimit(.minutes(2))) func whoeverAsksForTheSameWhileItWaitsSharesIt() async throws {
        let postgres = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        let pool = try PostgresPool(postgres, size: 1)
        let reads = SharedReads<String, Int64>(pool)
        let runs = Runs()
        let (began, beganSignal) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)

        // The only connection is busy with this one.
        async let first = reads.value("page") { connection in
            beganSignal.yield()
            gate.wait()
            return try connection.query("SELECT 1::int8").int64(0, 0)
        }
        for await _ in began { break }
        let later = (0..<20).map { number in
            Task {
                try await reads.value(number < 15 ? "page" : "other") { connection in
                    try connection.query("SELECT 10::int8 + $1", [.int8(runs.next())]).int64(0, 0)
                }
            }
        }
        // Two of them lead, the others have joined.
        while reads.joinedCount < 18 { await Task.yield() }
        gate.signal()
        #expect(try await first == 1)
        var answers: Set<Int64> = []
        for task in later { answers.insert(try await task.value) }
        #expect(answers == [11, 12] && runs.next() == 3)
        await pool.close()
    }

    @Test(.timeLimit(.minutes(2))) func aFailureIsEveryCallersAndEndsWithIt() async throws {
        let postgres = PostgresConfiguration(url: try await TestPostgres.emptyDatabase(), applicationName: "tests")
        let pool = try PostgresPool(postgres, size: 1)
        let reads = SharedReads<String, Int64>(pool)
        let (began, beganSignal) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        async let first: Int64 = pool.reading { _ in
            beganSignal.yield()
            gate.wait()
            return 0
        }
        for await _ in began { break }
        let later = (0..<5).map { _ in
            Task { try await reads.value("page") { try $0.query("SELECT 1 / 0").int64(0, 0) } }
        }
        while reads.joinedCount < 4 { await Task.yield() }
        gate.signal()
        _ = try await first
        for task in later { await #expect(throws: PostgresError.self) { try await task.value } }
        #expect(try await reads.value("page") { try $0.query("SELECT 2::int8").int64(0, 0) } == 2)
        await pool.close()
        await #expect(throws: PostgresError.self) { try await reads.value("page") { _ in 0 } }
        #expect(reads.joinedCount == 0)
    }

    /// Counts what ran.
    private final class Runs: Sendable {
        private let count = Mutex<Int64>(0)

        func next() -> Int64 {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}
