import Admin
import Logging
import Operations
import Runtime
import ServiceLifecycle
import Threads
import Verify

/// Audits for ever, and tells the last result as metrics.
struct VerifyService: Service {
    private let audit: Audit
    private let pause: Duration
    private let logger: Logger
    private let metrics: VerifyMetrics
    private let wake: WakeDescriptor
    private let thread: ThreadExecutor

    /// Runs until SIGTERM or SIGINT and ends the process.
    static func run(_ audit: Audit, pause: Duration, host: String, port: Int) async -> Never {
        await ServiceProcess.run(name: "outboxctl verify") { _, logger in
            let metrics = VerifyMetrics()
            let admin = AdminServer(
                ListenAddress(host: host, port: port, portVariable: "--port"), metrics: metrics.registry,
                liveness: { .ok() }, readiness: { metrics.health }, logger: logger)
            return [admin, try VerifyService(audit, pause: pause, metrics, logger)]
        }
    }

    private init(_ audit: Audit, pause: Duration, _ metrics: VerifyMetrics, _ logger: Logger) throws {
        (self.audit, self.pause, self.metrics, self.logger) = (audit, pause, metrics, logger)
        wake = try WakeDescriptor()
        thread = try ThreadExecutor(name: "verify-pause")
    }

    func run() async throws {
        defer { thread.shutdown() }
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await once()
                let (wake, deadline) = (wake, ContinuousClock.now + pause)
                _ = try await withTaskCancellationHandler {
                    try await thread.run { wake.wait(until: deadline) }
                } onCancel: {
                    wake.wake()
                }
            }
        }
    }

    private func once() async {
        do {
            let report = try await audit.run()
            metrics.take(report)
            guard !report.isClean else {
                return logger.info("no difference", metadata: ["records": "\(report.checked.records)"])
            }
            for example in report.examples {
                logger.error("\(example.kind.rawValue): \(example.text)", metadata: ["key": "\(example.key ?? "?")"])
            }
        } catch {
            metrics.failed()
            logger.error("the audit could not be made", metadata: ["error": "\(error)"])
        }
    }
}

/// What monitoring sees of the audits.
final class VerifyMetrics: Sendable {
    let registry = MetricsRegistry()
    private let audits: Counter
    private let failures: Counter
    private let last: Gauge
    private let seconds: Gauge
    private let records: Gauge
    private let differences: [DifferenceKind: Gauge]

    init() {
        audits = registry.counter("outbox_verify_audits_total", "Audits that were made.")
        failures = registry.counter("outbox_verify_failures_total", "Audits that could not be made.")
        last = registry.gauge("outbox_verify_last_audit_timestamp_seconds", "When the last audit began; 0 before it.")
        seconds = registry.gauge("outbox_verify_audit_seconds", "How long the last audit took.")
        records = registry.gauge("outbox_verify_records", "Records that the last audit compared.")
        let registry = registry
        differences = Dictionary(
            uniqueKeysWithValues: DifferenceKind.allCases.map { kind in
                let labels = [("kind", kind.rawValue)]
                return (kind, registry.gauge("outbox_verify_differences", "Of the last audit.", labels: labels))
            })
    }

    func take(_ report: AuditReport) {
        audits.increment()
        last.set(Double(report.takenAt.microseconds) / 1_000_000)
        seconds.set(report.seconds)
        records.set(Double(report.checked.records))
        for (kind, gauge) in differences { gauge.set(Double(report.differences[kind.rawValue] ?? 0)) }
    }

    func failed() { failures.increment() }

    /// Ready with the first audit; differences are told by metrics, and no restart mends them.
    var health: Health { audits.total > 0 ? .ok() : .failing("no audit is finished yet") }
}
