import Admin
import Outbox

/// What the health endpoints say: of one outbox a line, of several a line each, and well only if all are.
struct RelayHealth: Sendable {
    let outboxes: [OutboxService]

    func liveness() -> Health { Self.together(outboxes.map { ($0.name, $0.health.liveness) }) }

    func readiness() -> Health { Self.together(outboxes.map { ($0.name, $0.health.readiness) }) }

    static func together(_ parts: [(name: String?, health: Health)]) -> Health {
        let lines = parts.map { part in part.name.map { "\($0): \(part.health.message)" } ?? part.health.message }
        return Health(isOK: parts.allSatisfy(\.health.isOK), message: lines.joined(separator: "\n"))
    }
}
