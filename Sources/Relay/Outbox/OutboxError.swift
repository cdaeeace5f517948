/// What went wrong in the relay. Safe to log: no rows, no connection strings.
public struct OutboxError: Error, Sendable, CustomStringConvertible {
    /// Extensible: callers switch over the codes they know.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code in words, for logs.
        public let description: String
        /// Another relay leads now; the checkpoint did not move.
        public static let fenced = Code(description: "fenced")
        /// The checkpoint belongs to another database system, database or timeline. Final: an operator must rebase.
        public static let foreign = Code(description: "foreign checkpoint")
        /// Kafka has rows that this database lost, or does not know to be published. Final unless the relay is told to
        /// go on.
        public static let dataLoss = Code(description: "data loss")
        /// The relay's schema or the outbox is not as expected. Final.
        public static let schema = Code(description: "schema")
        /// The relay's schema is not there yet, or is older than this relay. Not final: services start in any order,
        /// and the migration may be about to run.
        public static let notMigrated = Code(description: "not migrated")
        /// Postgres is away or refused.
        public static let postgres = Code(description: "postgres")
        /// The publisher cannot be made or used. Final when it happens at start.
        public static let publisher = Code(description: "publisher")
        /// The configuration is wrong. Final.
        public static let configuration = Code(description: "configuration")
    }

    /// The kind of fault.
    public let code: Code
    /// One or more sentences for an operator.
    public let message: String

    /// - Parameter message: without rows and connection strings.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether trying again cannot help.
    public var isFinal: Bool { code == .foreign || code == .dataLoss || code == .schema || code == .configuration }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
