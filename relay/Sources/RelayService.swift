import Logging
import Outbox
import ServiceLifecycle

/// Runs a relay until the process is asked to stop.
struct RelayService: Service {
    let relay: Relay

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await relay.run()
        } onCancelOrGracefulShutdown: {
            relay.stop()
        }
    }
}
