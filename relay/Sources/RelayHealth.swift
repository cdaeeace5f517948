import Admin
import Outbox

/// What the health endpoints say.
struct RelayHealth: Sendable {
    let status: RelayStatus

    /// Fails only when restarting would help: the working thread hangs.
    func liveness() -> Health {
        let now = status.now
        return now.isHung ? .failing("the working thread has not come round for \(now.sinceHeartbeat)") : .ok()
    }

    /// Ready means publishing, or standing by for the one that does.
    func readiness() -> Health {
        let now = status.now
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
