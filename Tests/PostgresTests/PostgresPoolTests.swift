import Postgres
import TestKit
import Testing

struct PostgresPoolTests {
    @Test func callersShareAFewConnections() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let pool = try PostgresPool(PostgresConfiguration(url: url, applicationName: "tests"), size: 3)
        let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<50 {
                group.addTask { try await pool.reading { try $0.query("SELECT pg_backend_pid()").int32(0, 0) } }
            }
            return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
        }
        #expect(pids.count <= 3)
        await pool.close()
        await #expect(throws: PostgresError.self) { try await pool.reading { _ in } }
    }

    @Test func aLostConnectionIsReplaced() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let pool = try PostgresPool(PostgresConfiguration(url: url, applicationName: "tests"), size: 1)
        await #expect(throws: PostgresError.self) {
            try await pool.reading { _ = try $0.query("SELECT pg_terminate_backend(pg_backend_pid())") }
        }
        #expect(try await pool.reading { try $0.query("SELECT 1::int8").int64(0, 0) } == 1)
        await pool.close()
    }

    @Test func beyondTheBoundACallerIsRefusedAtOnce() async throws {
        let url = try await TestPostgres.emptyDatabase()
        let pool = try PostgresPool(
            PostgresConfiguration(url: url, applicationName: "tests"), size: 1, maximumWaiters: 0)
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        async let busy = pool.reading { connection -> Int64 in
            signal.yield()
            return try connection.query("SELECT count(*) FROM pg_sleep(0.5)").int64(0, 0)
        }
        for await _ in started { break }
        let error = await #expect(throws: PostgresError.self) { try await pool.reading { _ in } }
        #expect(error?.code == .pool)
        #expect(try await busy == 1)
        await pool.close()
    }
}
