import CLibPQ

extension PostgresConnection {
    /// Sends all queries at once and waits for the Sync behind them: one round trip, and one transaction unless the
    /// queries say BEGIN.
    ///
    /// A statement's rows say nothing yet about the commit, which happens at the Sync and can still fail (a deferred
    /// constraint, a serialization failure). So nothing is returned before the Sync has been read.
    ///
    /// - Returns: one result for each query, in order.
    /// - Throws: the first failure, with `statementIndex` set, after reading up to the Sync: the connection stays
    ///   usable unless it was lost.
    public func pipeline(_ queries: [PostgresQuery]) throws(PostgresError) -> [PostgresResult] {
        try requireUsable()
        if let standIn { return try standIn.pipeline(queries) }
        guard PQenterPipelineMode(handle) == 1 else { throw lost() }
        let steps = try sendAll(queries)
        beginWaiting()
        let outcome = try readAll(steps)
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        let results = try outcome.get()
        try requireStandby()
        assert(results.count == queries.count, "every query of a pipeline that succeeded has a result")
        return results
    }

    private enum Step {
        case prepare(PostgresStatement, index: Int)
        case execute(index: Int)
    }

    private func sendAll(_ queries: [PostgresQuery]) throws(PostgresError) -> [Step] {
        var steps: [Step] = []
        var preparing: Set<Int> = []
        for (index, query) in queries.enumerated() {
            if needsPreparing(query.statement) && preparing.insert(query.statement.id).inserted {
                try sendPrepare(query.statement, query.parameters)
                steps.append(.prepare(query.statement, index: index))
            }
            try send(query.statement, query.parameters)
            steps.append(.execute(index: index))
        }
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        return steps
    }

    private func readAll(
        _ steps: [Step]
    ) throws(PostgresError) -> Result<[PostgresResult], PostgresError> {
        var results: [PostgresResult] = []
        var failure: PostgresError?
        for step in steps {
            guard let raw = try nextResult() else { throw lost() }
            let result = PostgresResult(raw)
            let isAborted = PQresultStatus(raw) == PGRES_PIPELINE_ABORTED
            let error = isAborted ? nil : PostgresError(in: raw)
            switch step {
            case .prepare(let statement, let index):
                if error == nil && !isAborted { notePrepared(statement) }
                record(error, at: index, in: &failure)
            case .execute(let index):
                statementCount += 1
                if error == nil && !isAborted { results.append(result) }
                record(error, at: index, in: &failure)
            }
            // libpq marks the end of each statement with a NULL result.
            if let error, error.isConnectionLost { throw noting(error) }
            while let extra = try nextResult() { PQclear(extra) }
        }
        try readSync(failure: &failure)
        if let failure { return .failure(noting(failure)) }
        return .success(results)
    }

    private func record(_ error: PostgresError?, at index: Int, in failure: inout PostgresError?) {
        guard failure == nil, var error else { return }
        error.statementIndex = index
        failure = error
    }

    /// Reads up to the Sync. A commit that fails shows as an error between the last statement and the Sync.
    private func readSync(failure: inout PostgresError?) throws(PostgresError) {
        while true {
            guard let raw = try nextResult() else {
                guard isUsable else { throw lost() }
                continue
            }
            defer { PQclear(raw) }
            if PQresultStatus(raw) == PGRES_PIPELINE_SYNC { return }
            if let error = PostgresError(in: raw) {
                failure = failure ?? error
                if error.isConnectionLost { throw noting(error) }
            }
        }
    }
}
