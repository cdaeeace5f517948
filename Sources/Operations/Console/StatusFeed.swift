import HTTPTypes
import Hummingbird
import Logging
import Operations
import ServiceLifecycle

/// Takes one status for all pages, again and again while a page listens, and hands it to those that do. Without pages
/// it asks Postgres nothing; the charts then get the points that the relay's metrics give.
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
    /// Rings when a page listens.
    private let arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private var previous: OutboxStatus?
    private var newest: ByteBuffer?
    private var taking: Task<Void, Never>?
    /// When a status was asked for last, and when the newest one was there; nil before the first.
    private var askedAt: ContinuousClock.Instant?
    private(set) var takenAt: ContinuousClock.Instant?
    private var failure: ConsoleError?
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
                group.addTask { await self.takeWhileWatched() }
                group.addTask { await self.askSurroundings() }
            }
        }
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }

    private func takeWhileWatched() async {
        for await _ in arrivals.stream {
            while isWatched, !Task.isCancelled {
                await update()
                await Self.pause(ConsoleLimits.statusMilliseconds)
            }
        }
    }

    private func askSurroundings() async {
        while !Task.isCancelled {
            let isWatched = isWatched
            await surroundings.ask(isWatched: isWatched)
            if !isWatched {
                let found = surroundings.findings
                history.add(found.relay, requests: found.server?.perSecond)
            }
            await Self.pause(isWatched ? ConsoleLimits.statusMilliseconds : ConsoleLimits.idleMilliseconds)
        }
    }

    private static func pause(_ milliseconds: Int) async {
        try? await Task.sleep(until: .now + .milliseconds(milliseconds), clock: .continuous)
    }

    private var isWatched: Bool { !listeners.isEmpty }

    // MARK: The status

    /// One at a time: whoever comes meanwhile gets the same.
    private func update() async {
        if let taking { return await taking.value }
        let task = Task { await self.takeOnce() }
        taking = task
        await task.value
        taking = nil
    }

    private func takeOnce() async {
        askedAt = .now
        do {
            var status = try await take(previous)
            takenAt = .now
            let found = surroundings.findings
            (status.services, status.consumers) = (found.services, found.consumers)
            status.notes += found.notes
            status.addSettingsOfServices()
            previous = status
            let sample = history.add(status, latency: found.relay?.latency, requests: found.server?.perSecond)
            tell("status", try OperatorJSON.text(Update(status: status, sample: sample)))
            if failure != nil { logger.info("the outbox can be read again") }
            failure = nil
        } catch {
            let answer = ConsoleError.of(error)
            if failure == nil { logger.warning("the outbox cannot be read", metadata: ["error": "\(error)"]) }
            failure = answer
            tell("failure", (try? OperatorJSON.text(answer)) ?? "{}")
        }
    }

    /// The last status, or a new one if that is older than pages would see.
    ///
    /// - Throws: ``ConsoleError`` while Postgres is away.
    func status() async throws -> OutboxStatus {
        await updateIfOlder(than: ConsoleLimits.statusMilliseconds)
        if let failure { throw ConsoleError(.serviceUnavailable, failure.message) }
        guard let previous else { throw ConsoleError(.serviceUnavailable, "no status was taken yet") }
        return previous
    }

    /// Whether the outbox can be read; asks if nobody did lately.
    func health() async -> (isOK: Bool, text: String) {
        await updateIfOlder(than: ConsoleLimits.healthMilliseconds)
        return failure.map { (false, $0.message) } ?? (true, "ok")
    }

    private func updateIfOlder(than milliseconds: Int) async {
        if let askedAt, .now - askedAt < .milliseconds(milliseconds), taking == nil { return }
        await update()
    }

    // MARK: Pages

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
        // The first page after a while gets a status that is taken for it.
        if isWatched, let newest { continuation.yield(newest) }
        if !isWatched { previous = nil }
        listeners[number] = continuation
        arrivals.continuation.yield()
        return stream
    }

    private func forget(_ number: Int) {
        listeners[number] = nil
    }
}
