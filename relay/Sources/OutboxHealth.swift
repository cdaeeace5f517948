import Admin
import Outbox
import Sabotage

/// The health of one outbox's relay.
struct OutboxHealth: Sendable {
    let now: RelayStatus.Picture
    /// Why its relay ended although the process goes on; nil while it runs.
    var failure: String?
    /// The last error of the Kafka client; nil without one, or if a row was acknowledged since.
    var kafka: String?
    /// Which broker slows the relay down by a quota; nil if none does. Rows flow, so it is no reason to be unready.
    var throttle: String?

    /// Fails only when restarting would help: one of the two threads hangs.
    var liveness: Health {
        guard failure == nil, now.isHung else { return .ok() }
        return .failing("a thread of the relay has given no sign of life for \(now.sinceHeartbeat)")
    }

    /// Ready means publishing, or standing by for the relay that does. Otherwise the message names the obstacle.
    var readiness: Health {
        if Mutant.alwaysReady.isOn { return .ok("leading, idle") }
        if let failure { return .failing("failed: \(failure)") }
        if let blocked { return .failing("blocked: \(blocked)\(parked)") }
        if let pause = now.pause { return .ok("leading, paused by \(pause)\(parked)") }
        switch now.phase {
        case .connecting: return .failing("connecting to Postgres")
        case .standby: return .ok("standby: \(now.leader ?? "another relay") leads")
        case .draining: return .ok("leading, behind\(parked)")
        case .idle: return .ok("leading, idle\(parked)")
        }
    }

    /// What keeps rows from flowing. Kafka being away counts only while there are rows to send.
    private var blocked: String? {
        if let blocker = now.blocker { return "Postgres waits for \(blocker)" }
        if let late = now.late {
            return "Postgres has not answered the \(late.connection) connection for \(late.silent.components.seconds) s"
        }
        if let trouble = now.trouble { return trouble }
        return now.phase == .draining ? kafka.map { "Kafka: \($0)" } : nil
    }

    private var parked: String {
        let polling = now.isPolling ? ", polling: a transaction pooler is in between" : ""
        let keys = now.parkedKeys == 1 ? "key" : "keys"
        let throttled = throttle.map { ", \($0)" } ?? ""
        return (now.parkedKeys > 0 ? ", \(now.parkedKeys) \(keys) parked" : "") + polling + throttled
    }
}

/// The answers of the health endpoints: a line for each outbox; good only if all are.
struct RelayHealth: Sendable {
    let outboxes: [OutboxService]

    func liveness() -> Health { Self.together(outboxes.map { ($0.name, $0.health.liveness) }) }

    func readiness() -> Health { Self.together(outboxes.map { ($0.name, $0.health.readiness) }) }

    static func together(_ parts: [(name: String?, health: Health)]) -> Health {
        let lines = parts.map { part in part.name.map { "\($0): \(part.health.message)" } ?? part.health.message }
        return Health(isOK: parts.allSatisfy(\.health.isOK), message: lines.joined(separator: "\n"))
    }
}
