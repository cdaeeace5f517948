import Admin
import Outbox

/// How one outbox's relay is doing.
struct OutboxHealth: Sendable {
    let now: RelayStatus.Picture
    /// Why its relay ended although the process goes on; nil while it runs.
    var failure: String?
    /// What the Kafka client complains about; nil if it does not, or has had an acknowledgement since.
    var kafka: String?

    /// Fails only when restarting would help: one of the two threads hangs.
    var liveness: Health {
        guard failure == nil, now.isHung else { return .ok() }
        return .failing("a thread of the relay has given no sign of life for \(now.sinceHeartbeat)")
    }

    /// Ready means publishing, or standing by for the one that does. Otherwise it says what is in the way.
    var readiness: Health {
        if let failure { return .failing("failed: \(failure)") }
        if let blocked { return .failing("blocked: \(blocked)\(parked)") }
        switch now.phase {
        case .connecting: return .failing("connecting to Postgres")
        case .standby: return .ok("standby: \(now.leader ?? "another relay") leads")
        case .draining: return .ok("leading, behind\(parked)")
        case .idle: return .ok("leading, idle\(parked)")
        }
    }

    /// Who or what keeps rows from flowing. A Kafka that is away is no trouble before there is something to send.
    private var blocked: String? {
        if let blocker = now.blocker { return "Postgres waits for \(blocker)" }
        if let trouble = now.trouble { return trouble }
        return now.phase == .draining ? kafka.map { "Kafka: \($0)" } : nil
    }

    private var parked: String {
        let polling = now.isPolling ? ", polling: a transaction pooler is in between" : ""
        let keys = now.parkedKeys == 1 ? "key" : "keys"
        return (now.parkedKeys > 0 ? ", \(now.parkedKeys) \(keys) parked" : "") + polling
    }
}
