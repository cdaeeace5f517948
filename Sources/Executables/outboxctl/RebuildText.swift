import Operations

/// A rebuild for people.
enum RebuildText {
    /// Seconds; a step that takes longer, or none, is told.
    private static let longestStep = 5.0

    static func line(_ rebuild: Rebuild) -> String {
        var parts = ["rebuild \(rebuild.rebuildId): \(state(rebuild))"]
        let total = rebuild.totalOrders.map { rebuild.state == .filling ? " of about \(Words.count($0))" : "" } ?? ""
        parts.append("\(Words.count(rebuild.orders))\(total) orders read")
        if let progress = rebuild.progress, rebuild.endedAt == nil { parts.append("\(Int(progress * 100)) %") }
        if let rate = rebuild.rate, rebuild.state == .filling { parts.append("\(Words.rate(rate))") }
        if let left = rebuild.secondsLeft, left > 0 { parts.append("\(Words.age(left)) left") }
        if rebuild.changesWaiting > 0 { parts.append("\(Words.count(rebuild.changesWaiting)) changed meanwhile") }
        if let idle = rebuild.idleSeconds, idle > longestStep { parts.append("no step for \(Words.age(idle))") }
        if let trouble = rebuild.trouble { parts.append(trouble) }
        return parts.joined(separator: ", ")
    }

    private static func state(_ rebuild: Rebuild) -> String {
        switch rebuild.state {
        case .asked: "waiting for a projector"
        case .filling: rebuild.isRunning ? "reading all orders" : "interrupted"
        case .catchingUp: rebuild.isRunning ? "catching up" : "interrupted"
        case .stopping: "stopping"
        case .switched: "done"
        case .stopped: "stopped"
        }
    }

    /// The line, and the receipt of what is over.
    static func printed(_ rebuild: Rebuild) {
        say(line(rebuild))
        guard rebuild.startedAt != nil else { return }
        let found = rebuild.differences
        if rebuild.state == .switched {
            print("the read model has \(Words.count(rebuild.rows)) rows now")
        }
        let kinds = [
            ("had no row", found.missing), ("lacked events", found.behind), ("had too many events", found.ahead),
            ("had other values", found.different), ("belonged to no order", found.unknown),
        ].filter { $0.1 > 0 }.map { "\(Words.count($0.1)) \($0.0)" }
        print(
            kinds.isEmpty
                ? "the old read model agreed with the events"
                : "of the old read model: \(kinds.joined(separator: ", "))")
        for example in found.examples { say("  \(example)") }
        if found.unreadable > 0 { print("\(Words.count(found.unreadable)) orders have events that cannot be read") }
    }
}
