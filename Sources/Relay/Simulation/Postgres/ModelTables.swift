/// What the relay stores: all its tables at one moment.
struct ModelTables {
    /// The row of `checkpoint_0`.
    struct Checkpoint: Equatable {
        /// Stands for the row's ctid: every update gives it another place.
        var place: Int64 = 1
        var epoch: Int64 = 0
        var cut: Int64 = 0
        var published = ModelSnapshot(xmax: 1, running: [])
        var draining: ModelSnapshot?
        var drainedThrough: Int64 = 0

        /// As a ctid is written.
        var ctid: String { "(0,\(place))" }
    }

    /// A row of `parked`.
    struct Parked {
        var key: ModelKey
        var outboxID: Int64
        /// In microseconds since 1970; nil for NULL.
        var retryAt: Int64?
        var releaseAskedAt: Int64?
    }

    /// A row of `held`.
    struct Held {
        var holdID: Int64
        var outboxID: Int64
        var key: ModelKey
    }

    /// The identity that the first relay stored: whether it did.
    var hasServer = false
    var checkpoint = Checkpoint()
    var parked: [Parked] = []
    var held: [Held] = []
    /// Until when the lease runs, in microseconds since 1970. A sequence: no transaction undoes it.
    var lease: Int64 = 0
}

/// One aggregate.
struct ModelKey: Equatable {
    var type: String
    var id: String

    init(type: String, id: String) {
        self.type = type
        self.id = id
    }

    /// The key with this number. Keys of two topics take turns.
    init(_ number: Int) {
        type = number.isMultiple(of: 2) ? "a" : "b"
        id = "k\(number)"
    }
}
