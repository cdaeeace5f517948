import ConsumersTestKit
import Synchronization
import TestKit
import Testing
import Threads

@testable import Consumers

@Suite struct ConsumerSessionTests {
    private func message(_ orderID: String, partition: Int32 = 0) -> ConsumedMessage {
        ConsumedMessage(
            partition: partition, offset: 0, orderID: orderID, sequenceNumber: nil, eventType: nil, payload: [])
    }

    @Test func handsMessagesOverAndCommitsThem() throws {
        let member = try Member(MemoryTopic(partitions: 2))
        member.topic.publish([message("a"), message("b", partition: 1), message("c", partition: 1)])
        member.runRounds(2)
        #expect(member.topic.starts == [[0: 0, 1: 0]])
        #expect(member.handler.orders.sorted() == ["a", "b", "c"])
        #expect(member.topic.committed.isEmpty)
        member.runRounds(1)
        #expect(member.topic.committed == [0: 1, 1: 2])
    }

    @Test func commitsWhenTheIntervalIsOverAndBeforePartitionsAreGivenUp() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.topic.publish([message("a")])
        member.runRounds(3)
        member.topic.publish([message("b")])
        member.runRounds(2)
        #expect(member.topic.committed == [0: 1])
        member.topic.report(.revoked(lost: false))
        member.runRounds(1)
        #expect(member.topic.committed == [0: 2])
    }

    @Test func commitsNothingOfPartitionsThatAreLost() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.topic.publish([message("a")])
        member.runRounds(3)
        member.topic.publish([message("b")])
        member.runRounds(2)
        member.topic.report(.revoked(lost: true))
        member.runRounds(1)
        #expect(member.topic.committed == [0: 1])
    }

    @Test func aBatchThatFailedIsDeliveredAgain() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.handler.failures = 2
        member.topic.publish([message("a")])
        member.runRounds(4)
        #expect(member.topic.starts == [[0: 0], [0: 0], [0: 0]])
        #expect(member.handler.orders == ["a"])
    }

    @Test func whileTheConsumerRestsItServesTheGroup() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.runRounds(2)
        member.handler.failures = 1
        member.topic.publish([message("a")])
        // Taken while the session pauses after the failure.
        member.handler.onFailure = { member.topic.report(.revoked(lost: false), .assigned([0])) }
        member.runRounds(3)
        #expect(member.handler.orders == ["a"])
        #expect(member.topic.starts.count == 2)
    }

    @Test func aFullHandlerIsServedNoMessages() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.handler.demand.wantsMessages = false
        member.runRounds(2)
        member.topic.publish([message("a")])
        member.runRounds(2)
        #expect(member.handler.orders.isEmpty)
        member.handler.demand.wantsMessages = true
        member.runRounds(1)
        #expect(member.handler.orders == ["a"])
    }

    @Test func aSourceThatFailedForGoodIsReplaced() throws {
        let member = try Member(MemoryTopic(partitions: 1), brokenSources: 1)
        member.topic.publish([message("a")])
        member.runRounds(3)
        #expect(member.handler.orders == ["a"])
        #expect(member.statuses.contains(.waiting("broken")))
    }

    @Test func aLostOffsetIsPositionedAnew() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.topic.publish([message("a"), message("b")])
        member.topic.change { $0.low = 1 }
        member.handler.positionAfterLoss = 1
        member.runRounds(3)
        #expect(member.topic.starts == [[0: 0], [0: 1]])
        #expect(member.handler.orders == ["b"])
    }

    @Test func aStatusIsReportedOnce() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.handler.demand.isCatchingUp = true
        member.runRounds(4)
        member.handler.demand.isCatchingUp = false
        member.topic.report(.unavailable("brokers are away"), .available)
        member.runRounds(4)
        #expect(
            member.statuses == [
                .waiting("starting"), .waiting("joining the consumer group"), .catchingUp, .running(partitions: 1),
                .waiting("Kafka: brokers are away"), .running(partitions: 1),
            ])
    }

    @Test func aStoppingConsumerWaitsForWorkInHandAndCommitsIt() throws {
        let member = try Member(MemoryTopic(partitions: 1))
        member.topic.publish([message("a")])
        member.handler.isSettling = false
        member.runRounds(2)
        member.handler.isBusy = true
        member.handler.onRound = { handler in (handler.isBusy, handler.isSettling) = (false, true) }
        member.drain()
        #expect(member.topic.committed == [0: 1])
        #expect(member.handler.isCancelled)
    }

    /// Kafka has nothing to say, and the handler finds out all the same that its database is away, and back.
    @Test func anIdleConsumerLooksAfterItsDatabase() throws {
        let member = try Member(MemoryTopic(partitions: 1), idleLook: .milliseconds(5))
        member.runRounds(4)
        member.handler.databaseFailure = "the database is away"
        for _ in 0..<2 { member.runIdleRound() }
        member.handler.databaseFailure = nil
        for _ in 0..<4 { member.runIdleRound() }
        #expect(
            member.statuses.suffix(3) == [
                .running(partitions: 1), .waiting("the database is away"), .running(partitions: 1),
            ])
    }

    @Test func runsUntilItIsStopped() async throws {
        let topic = MemoryTopic(partitions: 1)
        let log = ConsumerLog<String>()
        let consumer = try Consumer<String>(
            name: "test", drainLimit: .seconds(60), observer: log, logger: silence
        ) { wake in
            MemorySource(topic, wake)
        } makeHandler: { _, reports in
            ScriptedHandler(reports)
        }
        let running = RunningConsumer(log, run: { try await consumer.run() }, stop: { consumer.stop() })
        topic.publish([message("a")])
        await log.until(1) { $0 == "a" }
        try await running.stop()
        #expect(topic.committed == [0: 1])
    }
}

/// A session whose rounds the test runs, one after the other, on its own thread.
private final class Member {
    let topic: MemoryTopic
    let handler: ScriptedHandler
    private let log = ConsumerLog<String>()
    private let session: ConsumerSession<String>

    init(_ topic: MemoryTopic, brokenSources: Int = 0, idleLook: Duration = .seconds(3_600)) throws {
        self.topic = topic
        let reports = ConsumerReports(observer: log, logger: silence)
        handler = ScriptedHandler(reports)
        let broken = Mutex(brokenSources)
        session = ConsumerSession(
            handler, reports, try WakeDescriptor(), commitInterval: .seconds(3_600), idleLook: idleLook
        ) {
            wake in
            let isBroken = broken.withLock { count in
                defer { count = max(0, count - 1) }
                return count > 0
            }
            return isBroken ? BrokenSource() : MemorySource(topic, wake)
        }
    }

    var statuses: [ConsumerStatus] { log.entries.statuses }

    func runRounds(_ count: Int) {
        for _ in 0..<count {
            // A round without an event ends at once.
            topic.change { _ in }
            session.runRound()
        }
    }

    /// Without a wake-up: ends when the time for a look has come.
    func runIdleRound() { session.runRound() }

    func drain() {
        topic.change { _ in }
        session.drain(within: .seconds(60))
    }
}

/// Keeps its positions as a projector does, and commits as payments do.
private final class ScriptedHandler: MessageHandler {
    private let reports: ConsumerReports<String>
    /// The orders of all messages that were taken over.
    private(set) var orders: [String] = []
    private(set) var isCancelled = false
    var demand = ConsumerDemand()
    /// How many batches fail.
    var failures = 0
    var positionAfterLoss: Int64 = 0
    /// Whether messages that were taken over may be committed.
    var isSettling = true
    var isBusy = false
    var onRound: (ScriptedHandler) -> Void = { _ in }
    var onFailure: () -> Void = {}
    var databaseFailure: String?
    private var handled: [Int32: Int64] = [:]
    private var committed: [Int32: Int64] = [:]

    private struct Failure: Error {}

    init(_ reports: ConsumerReports<String>) {
        self.reports = reports
    }

    func beginRound() throws {
        if let databaseFailure { throw MessageSourceError(databaseFailure, isFinal: false) }
        onRound(self)
    }

    func positions(for request: PositionRequest, from source: any MessageSource) -> [Int32: Int64] {
        Dictionary(
            uniqueKeysWithValues: request.partitions.map {
                ($0, request.lost[$0] == nil ? handled[$0] ?? 0 : positionAfterLoss)
            })
    }

    func work() -> ConsumerDemand { demand }

    func handle(_ batch: MessageBatch) throws {
        guard failures == 0 else {
            failures -= 1
            throw Failure()
        }
        handled.merge(batch.nextOffsets) { $1 }
        orders += batch.messages.map { $0.orderID ?? "" }
        for message in batch.messages { reports.happened(message.orderID ?? "") }
    }

    var hasCommits: Bool { isSettling && handled != committed }

    func takeCommits() -> [Int32: Int64] {
        committed = handled
        return handled
    }

    func revoked() { (handled, committed) = ([:], [:]) }

    func failed(_ error: any Error) -> PositionsAfterFailure {
        onFailure()
        return .doubtful
    }

    func cancelWork() { isCancelled = true }
}

/// A source that is broken from its first event on.
private final class BrokenSource: MessageSource {
    func next(until deadline: ContinuousClock.Instant?) throws(MessageSourceError) -> SourceEvent {
        throw MessageSourceError("broken", isFinal: true)
    }
    func start(_ positions: [Int32: Int64]) {}
    func pause() {}
    func resume() {}
    func committedOffsets(of partitions: [Int32]) -> [Int32: Int64] { [:] }
    func endOffsets(of partitions: [Int32]) -> [Int32: Int64] { [:] }
    func clusterID() -> String { "" }
    func commit(_ offsets: [Int32: Int64], waiting: Bool) {}
    func close() {}
}
