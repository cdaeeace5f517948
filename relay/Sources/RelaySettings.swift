import Admin
import Outbox
import Postgres
import Runtime

/// The relay's settings, read from the environment. `relay/README.md` has the table.
struct RelaySettings {
    /// At least one.
    let outboxes: [OutboxSettings]
    /// nil switches the admin endpoints off.
    let admin: ListenAddress?

    /// - Throws: ``ConfigurationError`` naming every variable that is wrong.
    init(_ environment: EnvironmentReader) throws(ConfigurationError) {
        outboxes = Self.outboxes(environment)
        let host = environment.string("RELAY_ADMIN_HOST", default: "127.0.0.1")
        let port = environment.int("RELAY_ADMIN_PORT", default: 8085, in: -1...65535)
        admin = port < 0 ? nil : ListenAddress(host: host, port: port, portVariable: "RELAY_ADMIN_PORT")
        Self.refuseTwins(outboxes, environment)
        environment.reportUnknown(prefix: "RELAY_")
        try environment.finish()
    }

    private static func outboxes(_ environment: EnvironmentReader) -> [OutboxSettings] {
        guard let listed = OutboxNames(environment) else { return [OutboxSettings(name: nil, environment)] }
        defer {
            for prefix in ["DATABASE_URL__", "DATABASE_URL_FILE__"] { environment.reportUnknown(prefix: prefix) }
        }
        return listed.names.map { name in
            OutboxSettings(
                name: name, environment.scoped(suffix: OutboxNames.suffix(name), among: listed.suffixes))
        }
    }

    /// Two outboxes with the same text share a checkpoint. Two that only lead to the same place are found when they
    /// have connected, see ``OutboxClaims``.
    private static func refuseTwins(_ outboxes: [OutboxSettings], _ environment: EnvironmentReader) {
        for (index, outbox) in outboxes.enumerated() {
            let twin = outboxes[..<index].first { $0.hasPlace(of: outbox) }
            guard let twin, let name = outbox.name, let other = twin.name else { continue }
            environment.report(
                "RELAY_OUTBOXES",
                "\(other) and \(name) have the same database and schema: set RELAY_SCHEMA\(OutboxNames.suffix(name)) "
                    + "or "
                    + "DATABASE_URL\(OutboxNames.suffix(name))")
        }
    }
}

extension OutboxSettings {
    fileprivate func hasPlace(of other: OutboxSettings) -> Bool {
        relay.postgres.url == other.relay.postgres.url && relay.schema == other.relay.schema
    }
}
