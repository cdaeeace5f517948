import EventStore
import ServiceLifecycle

/// Runs the event store's lanes until the faces have stopped.
struct EventStoreService: Service {
    let store: EventStore

    func run() async {
        await withTaskCancellationOrGracefulShutdownHandler {
            await store.run()
        } onCancelOrGracefulShutdown: {
            store.shutdown()
        }
    }
}
