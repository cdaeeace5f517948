import Synchronization

/// Which outbox of a process has which checkpoint. Two names for one checkpoint would make a relay that stands by for
/// itself.
public final class OutboxClaims: Sendable {
    private struct Place: Hashable {
        var server: ServerIdentity
        var schema: String
    }

    private let owners = Mutex<[Place: String]>([:])

    /// Nothing is claimed yet.
    public init() {}

    /// - Throws: ``OutboxError`` with code `configuration`, which is final, when another outbox has this place.
    func claim(_ server: ServerIdentity, schema: String, for outbox: String) throws(OutboxError) {
        let place = Place(server: server, schema: schema)
        let owner = owners.withLock { owners in
            if owners[place] == nil {
                // An outbox that was moved to another server gives up its old place.
                for (old, name) in owners where name == outbox { owners[old] = nil }
                owners[place] = outbox
            }
            return owners[place] ?? outbox
        }
        guard owner != outbox else { return }
        throw OutboxError(
            .configuration,
            """
            the outboxes \(owner) and \(outbox) lead to the same database and schema (\(schema)): give one of them \
            another database or schema
            """)
    }
}
