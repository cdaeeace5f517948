import Logging
import Threads

/// Watches a connection whose statements may take any time, such as building an index or waiting for a lock, from a
/// thread of its own.
///
/// Where a proxy or a load balancer holds the connection open, the kernel's bounds do not notice that the path behind
/// it is dead. So another connection asks Postgres what the backend does: a backend that waits for its client, twice,
/// has answered or has never got the statement. A Postgres that answers nobody for long ends the wait as well.
final class PostgresWatch: Sendable {
    /// The times of ``PostgresLimits``; a test has shorter ones.
    struct Bounds: Sendable {
        var after: Duration = .seconds(PostgresLimits.watchAfterSeconds)
        var look: Duration = .seconds(PostgresLimits.watchLookSeconds)
        var answer: Duration = .seconds(PostgresLimits.watchAnswerSeconds)
        var patience: Duration = .seconds(PostgresLimits.watchPatienceSeconds)
    }

    private let thread: ThreadExecutor
    private let isOver: WakeDescriptor

    /// - Throws: ``PostgresError`` with code `connection` if the process has no thread or descriptor left; else of the
    ///   question which backend it is.
    init(_ connection: PostgresConnection, _ bounds: Bounds = Bounds()) throws(PostgresError) {
        let backend = try PostgresBackend.own(connection)
        do {
            thread = try ThreadExecutor(name: "pg-watch")
            isOver = try WakeDescriptor()
        } catch {
            throw PostgresError(.connection, "the connection cannot be watched: \(error)")
        }
        let (silence, configuration, isOver) = (connection.silence, connection.configuration, isOver)
        thread.submit {
            var looker = Looker(silence, backend, configuration, bounds)
            looker.run(until: isOver)
        }
    }

    deinit {
        isOver.wake()
        thread.shutdown()
    }
}

/// The watching thread's side.
private struct Looker {
    private let silence: PostgresSilence
    private let backend: PostgresBackend
    private let bounds: PostgresWatch.Bounds
    private let observer: PostgresSession
    private let logger: Logger?
    /// Since when the connection was silent when its backend was found to wait for its client.
    private var suspicion: ContinuousClock.Instant?
    /// When Postgres last said that the backend works.
    private var lastBusy = ContinuousClock.now

    init(
        _ silence: PostgresSilence, _ backend: PostgresBackend, _ configuration: PostgresConfiguration,
        _ bounds: PostgresWatch.Bounds
    ) {
        self.silence = silence
        self.backend = backend
        self.bounds = bounds
        logger = configuration.logger
        var asking = PostgresConfiguration(
            url: configuration.url, applicationName: configuration.applicationName + " watch")
        asking.readWriteOnly = configuration.readWriteOnly
        asking.connectTimeout = bounds.answer
        asking.statementDeadline = bounds.answer
        asking.lateAfter = nil
        observer = PostgresSession(asking)
    }

    mutating func run(until isOver: WakeDescriptor) {
        while !isOver.wait(until: .now + bounds.look) { look() }
        observer.close()
    }

    private mutating func look() {
        guard let since = silence.since, .now - since > bounds.after else {
            suspicion = nil
            return
        }
        do {
            let connection = try observer.connection()
            guard try backend.isSilent(connection) else {
                lastBusy = .now
                suspicion = nil
                return
            }
            guard suspicion == since else {
                suspicion = since
                return
            }
            giveUp(since, "Postgres waits for its client")
            try backend.end(connection)
        } catch {
            guard .now - max(since, lastBusy) > bounds.patience else { return }
            giveUp(since, "Postgres cannot be asked: \(error.message)")
        }
    }

    private func giveUp(_ since: ContinuousClock.Instant, _ why: String) {
        logger?.warning(
            "the connection to Postgres is open and dead; it is given up",
            metadata: ["silent": "\(ContinuousClock.now - since)", "why": "\(why)"])
        silence.hangUp(silentSince: since)
    }
}
