/// Which plans the planner may choose in a session.
///
/// Postgres makes the plan of a prepared statement once and keeps it until the statistics of a table change. A plan
/// that was made while the tables were empty scans them, because that is cheapest then, and a session keeps scanning
/// while the tables grow to millions of rows: autovacuum may look at them minutes later, or never. A session whose
/// statements find their rows by an index therefore forbids every other access. The plan is then right for every size
/// of the tables, so it is also made once, and not for each set of parameters.
public struct PostgresPlans: Sendable {
    /// `SET` at connect, name and value.
    let settings: [(String, String)]

    private init(_ settings: [(String, String)]) {
        self.settings = settings
    }

    /// As the server is configured. For sessions whose statements are used once (migrations, tools), for sessions that
    /// use no tables, and behind a transaction pooler, where a session setting would reach other clients.
    public static let chosenByServer = PostgresPlans([])

    /// Rows are found by their keys, of which one statement may have thousands: index and bitmap scans (a BRIN index
    /// has no other), joined by nested loops. For the lanes of the event store, the projector and payments.
    public static let byKey = PostgresPlans(
        always + [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")])

    /// Rows are read in the order of an index, up to a limit: a bitmap scan would collect every match and sort before
    /// it returns the first row. For the cuts of the relay and for the list of orders.
    public static let inIndexOrder = PostgresPlans(
        always + [("enable_seqscan", "off"), ("enable_bitmapscan", "off")])

    /// The cost of a plan made for empty tables says nothing, so no decision may depend on it: neither a plan for each
    /// set of parameters, nor compilation, nor parallel workers.
    private static let always = [
        ("plan_cache_mode", "force_generic_plan"), ("jit", "off"), ("max_parallel_workers_per_gather", "0"),
    ]
}
