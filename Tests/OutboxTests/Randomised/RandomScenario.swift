import Postgres
import Synchronization
import TestKit
import Testing
import Values

@testable import Outbox

/// Random writers beside a relay; when they are done and it is drained, the verdict.
struct RandomScenario: Sendable {
    let outbox: TestOutbox
    let seed: UInt64
    var writers = 6
    var transactionsEach = 60
    /// What the writers wait for now and then; nil: nothing.
    var pace: Pace?

    /// `relay` blocks until the outbox is drained, which it may take for granted once its argument says true.
    func run<T: Sendable>(
        _ relay: @escaping @Sendable (_ areWritersDone: @escaping () -> Bool) throws -> T
    ) async throws -> (TopicChecker, T) {
        let areWritersDone = Flag()
        try await onThread { try outbox.connect().execute(RandomWriter.schema) }
        async let relaying = onThread { try relay { areWritersDone.isSet } }
        do {
            try await write()
        } catch {
            areWritersDone.set()
            throw error
        }
        areWritersDone.set()
        let result = try await relaying
        let report = try await onThread { try TopicChecker(outbox.topic.messages, outbox.connect()) }
        return (report, result)
    }

    private func write() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<writers {
                group.addTask {
                    try await onThread {
                        var writer = RandomWriter(
                            try outbox.connect(), name: "\(UUIDBytes.v7())", seed: seed &+ UInt64(number) &* 7919)
                        for number in 0..<transactionsEach {
                            pace?.wait(before: number, of: transactionsEach)
                            try writer.transaction()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// A flag that goes up once.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
