import HTTPTypes
import Operations

/// The connections of work that this console has started and the server does: a connection that is closed too soon
/// could take the order to do so with it. Used on one thread only.
final class RunningJobs: @unchecked Sendable {
    private var desks: [Int64: OperatorDesk] = [:]

    /// Starts a job and keeps its connection.
    ///
    /// - Throws: ``ConsoleError`` while too many are running; what `start` throws.
    func run(_ id: Int64, on desk: OperatorDesk, _ start: () throws -> Void) throws {
        guard desks.count < ConsoleLimits.jobs else {
            throw ConsoleError(.conflict, "\(ConsoleLimits.jobs) such jobs are running; wait for one, or stop it")
        }
        try start()
        desks[id] = desk
    }

    /// Lets go of the jobs that have ended.
    func forget(_ isRunning: (Int64) -> Bool) {
        desks = desks.filter { id, _ in isRunning(id) }
    }
}
