import Postgres
import Synchronization
import Threads

/// Samples a stack under load, on a thread of its own.
final class DrillTimeline: Sendable {
    private let samples = Mutex<[DrillReport.Sample]>([])
    private let isStopping = Atomic(false)
    private let thread: ThreadExecutor
    private let began: ContinuousClock.Instant

    init(_ memory: ClientMemory, _ postgres: PostgresConfiguration, began: ContinuousClock.Instant) throws {
        self.began = began
        thread = try ThreadExecutor(name: "drill-timeline")
        var configuration = postgres
        // A server that hangs is told as one without an answer.
        configuration.statementDeadline = .seconds(1)
        configuration.connectTimeout = .seconds(1)
        thread.submit { [self, configuration] in
            var last = (ContinuousClock.now, memory.acknowledged)
            var connection: PostgresConnection?
            while !isStopping.load(ordering: .acquiring) {
                Patience.pause(.milliseconds(DrillLimits.sampleMilliseconds))
                let now = (ContinuousClock.now, memory.acknowledged)
                let rate = Double(now.1 - last.1) / ((now.0 - last.0) / .seconds(1))
                last = now
                let worst = memory.takeWaits().max() ?? .zero
                let backlog = Self.backlog(&connection, configuration)
                let sample = DrillReport.Sample(
                    seconds: (now.0 - began) / .seconds(1), ordersPerSecond: rate, backlog: backlog,
                    worstWaitSeconds: worst / .seconds(1))
                samples.withLock { $0.append(sample) }
            }
        }
    }

    private static func backlog(_ connection: inout PostgresConnection?, _ configuration: PostgresConfiguration) -> Int?
    {
        do {
            let open = try connection ?? PostgresConnection(configuration)
            connection = open
            return Int(try open.query("SELECT unpublished_rows FROM outbox_state").int64(0, 0))
        } catch {
            connection = nil
            return nil
        }
    }

    /// Ends sampling; what was sampled.
    func stop() -> [DrillReport.Sample] {
        isStopping.store(true, ordering: .releasing)
        thread.shutdown()
        return samples.withLock { $0 }
    }
}
