import HTTPTypes
import Operations

/// The connections of replays that this console has started: the server copies, and a connection that is closed too
/// soon could take the order to do so with it. Used on the thread of the actions only.
final class RunningReplays: @unchecked Sendable {
    private var desks: [Int64: OperatorDesk] = [:]

    /// Starts the copying and returns at once.
    ///
    /// - Throws: ``ConsoleError`` while too many are running; `PostgresError`.
    func run(_ id: Int64, _ desk: OperatorDesk) throws {
        guard desks.count < ConsoleLimits.replays else {
            throw ConsoleError(.conflict, "\(ConsoleLimits.replays) replays are running; wait for one, or stop it")
        }
        try desk.runReplay(id)
        desks[id] = desk
    }

    func forgetEnded(_ desk: OperatorDesk) {
        desks = desks.filter { id, _ in (try? desk.replay(id))?.map { $0.endedAt == nil } ?? true }
    }
}
