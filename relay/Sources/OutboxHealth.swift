import Admin
import Outbox

/// How one outbox's relay is doing.
struct OutboxHealth: Sendable {
    let now: RelayStatus.Picture
    /// Why its relay ended although the process goes on; nil while it runs.
    var failure: String?

    /// Fails only when restarting would help: the working thread hangs.
    var liveness: Health {
        guard failure == nil, now.isHung else { return .ok() }
        return .failing("the working thread has not come round for \(now.sinceHeartbeat)")
    }

    /// Ready means publishing, or standing by for the one that does.
    var readiness: Health {
        if let failure { return .failing("failed: \(failure)") }
        let parked = now.parkedKeys > 0 ? ", \(now.parkedKeys) keys parked" : ""
        if let trouble = now.trouble { return .failing("blocked: \(trouble)\(parked)") }
        switch now.phase {
        case .connecting: return .failing("connecting to Postgres")
        case .standby: return .ok("standby")
        case .draining: return .ok("leading, behind\(parked)")
        case .idle: return .ok("leading, idle\(parked)")
        }
    }
}
