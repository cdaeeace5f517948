import GRPC
import Logging
import ServiceLifecycle

/// The first to hear of a shutdown: turns readiness off, so that load balancers look elsewhere while the faces drain.
struct DrainSignal: Service {
    let readiness: Readiness
    let health: GRPCHealth
    let changes: OrderChanges
    let logger: Logger

    func run() async {
        try? await gracefulShutdown()
        logger.info("draining")
        readiness.beginDraining()
        health.drain()
        // Watches end here, or they would hold the drain until its time is up; clients come back elsewhere.
        changes.close()
    }
}
