import GRPC
import Logging
import ServiceLifecycle

/// The first to hear of a shutdown: turns readiness off, gives load balancers time to notice, and only then lets the
/// faces drain.
struct DrainSignal: Service {
    let readiness: Readiness
    let health: GRPCHealth
    let changes: OrderChanges
    /// How long new requests are still taken after readiness has turned off.
    let delay: Duration
    let logger: Logger

    func run() async {
        try? await gracefulShutdown()
        logger.info("draining", metadata: ["delay": "\(delay)"])
        readiness.beginDraining()
        health.drain()
        if delay > .zero { try? await Task.sleep(until: .now + delay, clock: .continuous) }
        // Watches end here, or they would hold the drain until its time is up; clients come back elsewhere.
        changes.close()
        health.endWatches()
    }
}
