import Foundation
import Postgres
import Synchronization
import TestKit
import Testing

@testable import EventStore

/// A lane with a worker that a test controls step by step.
struct LaneTests {
    /// What happens to requests, as seen by the test.
    final class Journal: Sendable {
        private let state = Mutex<(batches: [[Int]], answers: [Int: String])>(([], [:]))
        let proceed = DispatchSemaphore(value: 0)
        /// How many attempts to connect fail.
        let failures = Mutex(0)

        var batches: [[Int]] { state.withLock { $0.batches } }
        var answers: [Int: String] { state.withLock { $0.answers } }
        func began(_ batch: [Int]) { state.withLock { $0.batches.append(batch) } }
        func answered(_ number: Int, _ answer: String) { state.withLock { $0.answers[number] = answer } }
    }

    struct Request: LaneRequest {
        let number: Int
        let journal: Journal
        func claim(at now: ContinuousClock.Instant) -> Bool { true }
        func fail(_ error: EventStoreError) { journal.answered(number, "\(error)") }
    }

    /// Waits for the test before each batch; holds requests above 100 back once; loses the connection at a negative
    /// number.
    final class Worker: LaneWorker {
        var availabilityChanged: ((LaneDown?) -> Void)?
        private let journal: Journal
        private var heldBack: Set<Int> = []

        init(_ journal: Journal) { self.journal = journal }

        func connect() throws(LaneDown) {
            let fails = journal.failures.withLock { failures in
                defer { failures = max(0, failures - 1) }
                return failures > 0
            }
            if fails { throw LaneDown(PostgresError(.connection, "away")) }
        }

        func process(_ batch: [Request]) throws(LaneDown) -> [Request] {
            journal.began(batch.map(\.number))
            journal.proceed.wait()
            if batch.contains(where: { $0.number < 0 }) {
                for request in batch { request.fail(.unavailable("lost")) }
                throw LaneDown(PostgresError(.connection, "lost"))
            }
            return batch.filter { request in
                if request.number > 100, heldBack.insert(request.number).inserted { return true }
                journal.answered(request.number, "done")
                return false
            }
        }

        func close() {}
    }

    private func lane(_ journal: Journal, bound: Int = 100) throws -> Lane<Worker> {
        var configuration = EventStoreConfiguration()
        configuration.maximumQueuedPerLane = bound
        configuration.minimumReconnectDelay = .milliseconds(1)
        return try Lane(
            name: "test", worker: Worker(journal), batchBound: 50, pause: try Pause(), configuration: configuration)
    }

    @Test func requestsGatherWhileABatchIsInFlight() async throws {
        let journal = Journal()
        let lane = try lane(journal)
        lane.submit(Request(number: 0, journal: journal))
        try await waitFor("the first batch") { journal.batches == [[0]] }
        for number in 1...60 { lane.submit(Request(number: number, journal: journal)) }
        for _ in 0..<3 { journal.proceed.signal() }
        try await waitFor("all answers") { journal.answers.count == 61 }
        #expect(journal.batches == [[0], Array(1...50), Array(51...60)])
        await lane.finish()
    }

    @Test func whatIsHeldBackIsPartOfTheNextBatch() async throws {
        let journal = Journal()
        let lane = try lane(journal)
        lane.submit(Request(number: 101, journal: journal))
        try await waitFor("the first batch") { journal.batches == [[101]] }
        lane.submit(Request(number: 1, journal: journal))
        journal.proceed.signal()
        journal.proceed.signal()
        try await waitFor("all answers") { journal.answers.count == 2 }
        #expect(journal.batches == [[101], [101, 1]])
        // Without other requests it is tried again on its own.
        lane.submit(Request(number: 102, journal: journal))
        journal.proceed.signal()
        journal.proceed.signal()
        try await waitFor("the answer") { journal.answers[102] == "done" }
        await lane.finish()
    }

    @Test func aLaneWithoutConnectionRefusesAndRecovers() async throws {
        let journal = Journal()
        let lane = try lane(journal)
        lane.submit(Request(number: -1, journal: journal))
        try await waitFor("the batch") { journal.batches == [[-1]] }
        lane.submit(Request(number: 2, journal: journal))
        journal.failures.withLock { $0 = 5 }
        journal.proceed.signal()
        // The waiting requests are refused; later ones are served when there is a connection again.
        try await waitFor("the refusal") { journal.answers[2] != nil }
        #expect(journal.answers[2]?.contains("cannot be reached") == true)
        try await waitFor("the connection") { lane.isReady }
        journal.proceed.signal()
        lane.submit(Request(number: 3, journal: journal))
        try await waitFor("the answer") { journal.answers[3] == "done" }
        await lane.finish()
    }

    @Test func aClosedLaneStopsTryingToConnect() async throws {
        let journal = Journal()
        journal.failures.withLock { $0 = .max }
        let lane = try lane(journal)
        lane.start()
        lane.close()
        await lane.finish()
        lane.submit(Request(number: 1, journal: journal))
        #expect(journal.answers[1]?.contains("shutting down") == true)
    }
}
