import Logging
import Postgres
import Values

/// Answers the batches of one read lane. One query loads all orders of a batch.
final class ReadWorker: LaneWorker {
    private let connection: LaneConnection
    private let logger: Logger
    private var cache: StateCache
    var availabilityChanged: ((LaneDown?) -> Void)?

    init(connection: LaneConnection, configuration: EventStoreConfiguration, logger: Logger) {
        self.connection = connection
        self.logger = logger
        self.cache = StateCache(
            bound: configuration.maximumCachedOrdersPerLane, minimumEvents: configuration.minimumEventsToCache)
    }

    func connect() throws(LaneDown) {
        try connection.connect()
    }

    func close() {
        connection.close()
    }

    func process(_ batch: [ReadRequest]) throws(LaneDown) -> [ReadRequest] {
        var orders: [(order: ExactText, reply: Reply<LoadedOrder?>)] = []
        var failure: PostgresError?
        for request in batch {
            switch request {
            case .order(let order, let reply): orders.append((order, reply))
            case .history(let order, let from, let limit, let reply):
                answer(reply, &failure) { connection throws(PostgresError) in
                    try self.history(order, from, limit, connection)
                }
            case .probe(let reply):
                answer(reply, &failure) { connection throws(PostgresError) in
                    try Self.tablesInSight(connection)
                }
            case .removeKeys(let time, let limit, let reply):
                answer(reply, &failure) { connection throws(PostgresError) in
                    let parameters: [PostgresParameter] = [.timestamp(microsecondsSince1970: time), .int8(limit)]
                    return .success(try connection.query(KeyTable.removeExpired, parameters).affectedRows)
                }
            }
        }
        load(orders, &failure)
        if let failure { throw LaneDown(failure) }
        return []
    }

    /// Asks for no right on the tables: a role may write rows that it may not read.
    private static let probe: PostgresStatement = """
        SELECT string_agg(name, ', '), current_setting('search_path')
        FROM unnest('{event,outbox,idempotency_key}'::text[]) AS name WHERE to_regclass(name) IS NULL
        """

    /// The tables are named without a schema, so that they may be in any schema. A role without this schema in its
    /// `search_path` reaches Postgres and none of them.
    private static func tablesInSight(
        _ connection: PostgresConnection
    ) throws(PostgresError) -> Result<Void, EventStoreError> {
        let answer = try connection.query(probe)
        guard !answer.isNull(0, 0) else { return .success(()) }
        return .failure(
            .unavailable(
                """
                no table \(try answer.string(0, 0)) in the search_path (\(try answer.string(0, 1))) of the role in \
                DATABASE_URL: run outboxctl migrate, or ALTER ROLE ... SET search_path to the schema of the tables
                """))
    }

    private static let history = PostgresStatement(
        """
        SELECT \(EventColumn.selectList)
        FROM event WHERE aggregate_id = $1 AND sequence_number >= $2
        ORDER BY sequence_number LIMIT $3
        """)

    // MARK: - Orders

    private func load(_ wanted: [(order: ExactText, reply: Reply<LoadedOrder?>)], _ failure: inout PostgresError?) {
        if let failure {
            for (_, reply) in wanted { reply.finish(.failure(Self.meaning(of: failure))) }
            return
        }
        var missing = Set(wanted.map(\.order))
        var heads: StreamLoader.Heads = [:]
        // There is a second round only for orders whose cached state belongs to another history.
        while !missing.isEmpty {
            let loader = StreamLoader(missing, cache: &cache)
            do {
                let results = try connection.reading { (connection) throws(PostgresError) in
                    try connection.pipeline(loader.queries)
                }
                heads.merge(try loader.heads(results, cache: &cache)) { _, new in new }
            } catch {
                note(error, &failure)
                for (_, reply) in wanted { reply.finish(.failure(Self.meaning(of: error))) }
                return
            }
            missing = missing.filter { heads[$0] == nil }
        }
        for (order, reply) in wanted {
            reply.finish(heads[order, default: .success(.empty)].map { loaded(order, $0) })
        }
    }

    private func loaded(_ order: ExactText, _ head: StreamHead) -> LoadedOrder? {
        head.state.map {
            LoadedOrder(
                orderID: order.text, state: $0, version: head.version, createdAt: head.createdAt,
                updatedAt: head.updatedAt)
        }
    }

    private func history(
        _ order: String, _ from: Int64, _ limit: Int64, _ connection: PostgresConnection
    ) throws(PostgresError) -> Result<[StoredEvent], EventStoreError> {
        let rows = try connection.query(Self.history, [.text(order), .int8(from), .int8(limit)])
        do {
            return .success(try (0..<rows.count).map { try StoredEvent(rows, $0) })
        } catch let error as EventStoreError {
            return .failure(error)
        } catch {
            return .failure(.internal("\(error)"))
        }
    }

    // MARK: - Failures

    /// Runs one query and answers its request.
    ///
    /// - Parameter failure: set when Postgres goes away; then the query is not run.
    private func answer<Value: Sendable>(
        _ reply: Reply<Value>, _ failure: inout PostgresError?,
        _ body: (PostgresConnection) throws(PostgresError) -> Result<Value, EventStoreError>
    ) {
        // Postgres went away within this batch; a further attempt would only keep other requests waiting.
        if let failure { return reply.finish(.failure(Self.meaning(of: failure))) }
        do {
            reply.finish(try connection.reading(body))
        } catch {
            note(error, &failure)
            reply.finish(.failure(Self.meaning(of: error)))
        }
    }

    private func note(_ error: PostgresError, _ failure: inout PostgresError?) {
        logger.warning("read failed", metadata: ["error": "\(error)"])
        if error.isConnectionLost { failure = error }
    }

    private static func meaning(of error: PostgresError) -> EventStoreError {
        if error.sqlState == SQLState.lockNotAvailable { return .unavailable("the table is locked") }
        return switch FailureKind(error) {
        case .lost, .transient: .unavailable(LaneDown(error).reason)
        case .poisonedByCommand, .permanent: .internal(error.description)
        }
    }
}
