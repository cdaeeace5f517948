extension TableFacts {
    /// What is in the schema that the relay is to have, or has.
    struct RelayPresence: Equatable, Sendable {
        var hasSchema = false
        /// Whether the current user may make a table in it.
        var mayCreate = true
        /// The outbox it belongs to, once adopting has come to its end.
        var outbox: String?
        /// The mapping that its view was made of.
        var mapping: String?
        /// Whether its view reads this table, whatever it was called when it was adopted.
        var readsTable = true
        /// Whether its table of parked keys has the time of the next try.
        var hasParkedRetry = true
        /// What somebody else keeps there.
        var strangers: [String] = []
    }
}
