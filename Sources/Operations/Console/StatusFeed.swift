import HTTPTypes
import Hummingbird
import Logging
import Operations
import ServiceLifecycle

/// Takes one status for all pages, again and again, and hands it to those that listen.
actor StatusFeed {
    /// What a page gets: a status, with the newest point of the charts if there is a new one.
    private struct Update: Encodable {
        var status: OutboxStatus
        var sample: StatusHistory.Sample?
    }

    /// One listening page.
    typealias Listener = AsyncStream<ByteBuffer>

    private let take: @Sendable (OutboxStatus?) async throws -> OutboxStatus
    private let surroundings: Surroundings
    private let logger: Logger
    private var listeners: [Int: Listener.Continuation] = [:]
    private var nextListener = 0
    private var previous: OutboxStatus?
    private var newest: ByteBuffer?
    private var isFailing = false
    private var failure = ""
    private(set) var history = StatusHistory()

    /// - Parameter take: takes a status; gets the one before, for the rates.
    init(
        _ take: @escaping @Sendable (OutboxStatus?) async throws -> OutboxStatus, _ surroundings: Surroundings,
        logger: Logger
    ) {
        self.take = take
        self.surroundings = surroundings
        self.logger = logger
    }

    /// Takes statuses until the process is told to stop.
    func run() async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.repeating { await self.update() } }
                group.addTask { await self.repeating { await self.surroundings.ask(isWatched: await self.isWatched) } }
            }
        }
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }

    private nonisolated func repeating(_ body: () async -> Void) async {
        while !Task.isCancelled {
            await body()
            let next = ContinuousClock.now + .milliseconds(await pauseMilliseconds)
            try? await Task.sleep(until: next, clock: .continuous)
        }
    }

    private var isWatched: Bool { !listeners.isEmpty }

    private var pauseMilliseconds: Int {
        isWatched ? ConsoleLimits.statusMilliseconds : ConsoleLimits.idleStatusMilliseconds
    }

    private func update() async {
        do {
            var status = try await take(previous)
            let found = surroundings.findings
            (status.services, status.consumers) = (found.services, found.consumers)
            status.notes += found.notes
            previous = status
            let sample = history.add(status, latency: found.latency)
            tell("status", try OperatorJSON.text(Update(status: status, sample: sample)))
            if isFailing { logger.info("the outbox can be read again") }
            isFailing = false
        } catch {
            let answer = ConsoleError.of(error)
            if !isFailing { logger.warning("the outbox cannot be read", metadata: ["error": "\(error)"]) }
            isFailing = true
            failure = answer.message
            tell("failure", (try? OperatorJSON.text(answer)) ?? "{}")
        }
    }

    /// The last status that was taken.
    ///
    /// - Throws: ``ConsoleError`` while there is none, and while Postgres is away.
    func status() throws -> OutboxStatus {
        guard !isFailing, let previous else {
            throw ConsoleError(.serviceUnavailable, isFailing ? failure : "no status was taken yet")
        }
        return previous
    }

    /// Whether the last status could be taken.
    var health: (isOK: Bool, text: String) {
        guard !isFailing else { return (false, failure) }
        return previous == nil ? (false, "starting") : (true, "ok")
    }

    private func tell(_ event: String, _ json: String) {
        let text = ByteBuffer(string: "event: \(event)\ndata: \(json)\n\n")
        newest = text
        for listener in listeners.values { listener.yield(text) }
    }

    /// The stream of one page: the newest status at once, then each further one. A page that reads slowly gets only the
    /// newest.
    ///
    /// - Throws: ``ConsoleError`` when too many pages listen.
    func listen() throws -> Listener {
        guard listeners.count < ConsoleLimits.listeners else {
            throw ConsoleError(.serviceUnavailable, "\(ConsoleLimits.listeners) pages already listen; close one")
        }
        let (stream, continuation) = Listener.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = nextListener
        nextListener += 1
        continuation.onTermination = { _ in Task { await self.forget(number) } }
        listeners[number] = continuation
        if let newest { continuation.yield(newest) }
        return stream
    }

    private func forget(_ number: Int) {
        listeners[number] = nil
    }
}
