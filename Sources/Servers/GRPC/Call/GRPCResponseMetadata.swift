import Synchronization

/// The metadata that a handler adds to its response, on any thread. Most handlers add none.
struct GRPCResponseMetadata: ~Copyable, Sendable {
    /// The two header blocks of a response.
    struct Blocks {
        /// Sent before the first message.
        var initial = GRPCMetadata()
        /// Sent with the status.
        var trailing = GRPCMetadata()
    }

    private let blocks = Mutex<Blocks?>(nil)
    /// Whether there may be metadata. A handler that adds some does so before its result reaches the event loop, so no
    /// ordering is needed and a response without metadata takes no lock.
    private let isUsed = Atomic(false)

    /// Changes the metadata.
    func change(_ body: (inout Blocks) -> Void) {
        isUsed.store(true, ordering: .relaxed)
        blocks.withLock { blocks in
            var changed = blocks ?? Blocks()
            body(&changed)
            blocks = changed
        }
    }

    /// The metadata so far; nil if there is none.
    var current: Blocks? {
        isUsed.load(ordering: .relaxed) ? blocks.withLock { $0 } : nil
    }
}
