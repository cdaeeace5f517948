/// An open transaction of a relay: what it changes is seen by others at its end.
struct ModelTransaction {
    var id: UInt64?
    var changes: [ModelPostgres.Change] = []
    var waitsForDisk = true

    func apply(_ tables: inout ModelTables) {
        for change in changes { change(&tables) }
    }
}
