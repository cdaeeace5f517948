import Postgres

/// The one connection of a lane, made when it is needed.
final class LaneConnection {
    private let configuration: PostgresConfiguration
    private var current: PostgresConnection?

    /// - Parameter writes: refuse a standby, and give up on locks after `configuration.lockTimeout`.
    init(_ postgres: PostgresConfiguration, name: String, writes: Bool, configuration: EventStoreConfiguration) {
        var postgres = postgres
        postgres.applicationName += " " + name
        postgres.readWriteOnly = writes
        postgres.sessionSettings += Self.settings
        postgres.sessionSettings.append(("lock_timeout", "\(configuration.lockTimeout.wholeMilliseconds)"))
        postgres.statementDeadline = configuration.answerLimit
        self.configuration = postgres
    }

    /// Every statement of a lane looks a few rows up by their keys. A plan made while the tables were empty would scan
    /// them, and would be kept while they grow; and planning each batch anew costs more than executing it.
    private static let settings = [
        ("default_transaction_isolation", "read committed"), ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off"), ("jit", "off"),
    ]

    /// The connection, or a new one in place of a lost one.
    func get() throws(PostgresError) -> PostgresConnection {
        if let current, current.isUsable {
            // A server that went away while the lane was idle has said so: better to notice now than in the middle of
            // an append, when nobody could tell whether it happened.
            if let _ = try? current.notifications() { return current }
        }
        current = nil
        let made = try PostgresConnection(configuration)
        current = made
        return made
    }

    var isUsable: Bool { current?.isUsable ?? false }

    func drop() {
        current = nil
    }
}
