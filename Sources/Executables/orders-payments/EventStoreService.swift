import EventStore
import ServiceLifecycle

/// The event store as a service; it stops after payments, whose last commands it carries out.
struct EventStoreService: Service {
    let store: EventStore

    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await store.run()
        } onCancelOrGracefulShutdown: {
            store.shutdown()
        }
    }
}
