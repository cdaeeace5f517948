import HTTPTypes
import Operations
import Postgres

/// Work that this console has started and the server does. Each job has a connection: one that is closed too soon could
/// take the order to begin with it. Used on one thread only.
final class RunningJobs: @unchecked Sendable {
    /// A kind of work.
    enum Kind: Sendable {
        case replay
        case bulk
    }

    private struct Job: Hashable {
        let kind: Kind
        let number: Int64
    }

    private let configuration: ConsoleConfiguration
    private var desks: [Job: OperatorDesk] = [:]

    init(_ configuration: ConsoleConfiguration) {
        self.configuration = configuration
    }

    /// Makes sure that one more may be started, before it is recorded.
    ///
    /// - Parameter desk: says which jobs have ended: they are let go.
    /// - Throws: ``ConsoleError`` while too many are running.
    func requireRoom(_ kind: Kind, _ desk: OperatorDesk) throws {
        desks = desks.filter { job, _ in (try? Self.hasEnded(job, desk)) != true }
        guard desks.keys.count(where: { $0.kind == kind }) < ConsoleLimits.jobs else {
            throw ConsoleError(.conflict, "\(ConsoleLimits.jobs) such jobs are running; wait for one, or stop it")
        }
    }

    private static func hasEnded(_ job: Job, _ desk: OperatorDesk) throws -> Bool {
        switch job.kind {
        case .replay: try desk.replay(job.number)?.endedAt != nil
        case .bulk: try desk.bulk(job.number)?.endedAt != nil
        }
    }

    /// Has the server begin with work that is recorded, or go on with it.
    func run(_ kind: Kind, _ number: Int64) throws {
        var unlimited = configuration.postgres
        unlimited.statementDeadline = nil
        let runner = try OperatorDesk(PostgresConnection(unlimited), schema: configuration.relaySchema)
        switch kind {
        case .replay: try runner.runReplay(number)
        case .bulk: try runner.runBulk(number)
        }
        desks[Job(kind: kind, number: number)] = runner
    }
}
