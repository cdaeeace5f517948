import Admin
import EventStore
import Synchronization

/// Whether the server should be sent requests, and why not.
final class Readiness: Sendable {
    private let store: EventStore
    private let isDraining = Atomic<Bool>(false)

    init(store: EventStore) {
        self.store = store
    }

    func beginDraining() {
        isDraining.store(true, ordering: .relaxed)
    }

    /// Asks Postgres, so that a ready server is one that can answer.
    func health() async -> Health {
        if isDraining.load(ordering: .relaxed) { return .failing("draining: the server is stopping") }
        do {
            try await store.probe()
            return .ok()
        } catch {
            return .failing("\(error)")
        }
    }
}
