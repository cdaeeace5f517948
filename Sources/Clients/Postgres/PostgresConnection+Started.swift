import CLibPQ

/// A statement that was sent, and whose answer is taken later.
public final class PostgresStarted {
    /// nil while the answer is on its way.
    fileprivate(set) var outcome: Result<PostgresResult, PostgresError>?

    fileprivate init() {}
}

extension PostgresConnection {
    /// Sends a statement and returns at once: the server works while the caller does something else.
    ///
    /// Whatever else is asked of the connection first takes the answer in. Until then a long answer fills the socket
    /// and keeps the server waiting with its snapshot: call ``takeStarted()`` before anything that may take long.
    public func start(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter] = []
    ) throws(PostgresError) -> PostgresStarted {
        try requireUsable()
        try prepareIfNeeded(statement, parameters, until: deadlineFromNow())
        try send(statement, parameters)
        guard PQflush(handle) >= 0 else { throw lost() }
        let started = PostgresStarted()
        running = started
        return started
    }

    /// The answer to a started statement; waits for it if need be. May be asked for once or more.
    public func result(of started: PostgresStarted) throws(PostgresError) -> PostgresResult {
        if running === started { takeStarted() }
        guard let outcome = started.outcome else {
            throw PostgresError(.usage, "the statement was started on another connection")
        }
        return try outcome.get()
    }

    /// Takes in the answer to the statement that was started last, if it is still to come.
    public func takeStarted() {
        guard let started = running else { return }
        running = nil
        do {
            started.outcome = .success(try onlyResult(until: deadlineFromNow()))
        } catch {
            started.outcome = .failure(error)
        }
    }
}
