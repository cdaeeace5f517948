import Postgres

extension ProjectionStore {
    private static let notification: PostgresStatement = "SELECT pg_notify('order_projection', $1)"

    /// Wakes whoever watches orders, once per transaction.
    func notify(_ changed: [String]) throws {
        guard !changed.isEmpty else { return }
        try connection.query(Self.notification, [.text(notificationPayload(changed))])
    }
}

/// The ids, one per line, or `*` when they do not fit or one of them contains a line end.
func notificationPayload(_ orderIDs: [String]) -> String {
    var length = orderIDs.count - 1
    for id in orderIDs {
        length += id.utf8.count
        if length > ProjectionLimits.notificationPayloadBytes || id.utf8.contains(UInt8(ascii: "\n")) { return "*" }
    }
    return orderIDs.joined(separator: "\n")
}
