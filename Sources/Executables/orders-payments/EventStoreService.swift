import EventStore
import ServiceLifecycle

/// The event store as a service. It stops after payments, because it carries out the last commands of payments.
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
