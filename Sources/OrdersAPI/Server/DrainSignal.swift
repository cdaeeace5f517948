import GRPC
import Logging
import ServiceLifecycle

/// The first to hear of a shutdown: turns readiness off, so that load balancers look elsewhere while the faces drain.
struct DrainSignal: Service {
    let readiness: Readiness
    let health: GRPCHealth
    let logger: Logger

    func run() async {
        try? await gracefulShutdown()
        logger.info("draining")
        readiness.beginDraining()
        health.drain()
    }
}
