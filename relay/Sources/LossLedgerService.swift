import Outbox
import ServiceLifecycle

/// Runs the ledger of one outbox's losses until the process is asked to stop. It stops after the relay and the watch,
/// which fill it.
struct LossLedgerService: Service {
    let ledger: LossLedger

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await ledger.run()
        } onCancelOrGracefulShutdown: {
            ledger.stop()
        }
    }
}
