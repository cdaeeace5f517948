import Postgres

/// The projection's tables on one connection, used on one thread.
///
/// Each method is one transaction; when it throws, nothing happened, except that a lost connection may hide a commit,
/// and then the claim's position, read again, tells.
struct ProjectionStore {
    let connection: PostgresConnection
    let topic: String
    /// Shown to operators as the owner of its claims.
    let member: String

    init(_ connection: PostgresConnection, topic: String, member: String) {
        self.connection = connection
        self.topic = topic
        self.member = member
    }
}

extension PostgresArray {
    init(_ partitions: [Int32]) {
        self.init(.int4, reserving: partitions.count)
        for partition in partitions { append(Int64(partition)) }
    }

    init(_ texts: [String]) {
        self.init(.text, reserving: texts.count)
        for text in texts { append(text) }
    }
}
