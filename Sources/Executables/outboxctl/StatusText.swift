import Operations

/// A status for people.
struct StatusText {
    private let status: OutboxStatus

    init(_ status: OutboxStatus) { self.status = status }

    func printed() {
        var table = Table(["", ""])
        table.add([.init("outbox", .quiet), .init(outbox)])
        table.add([.init("waiting", .quiet), backlog])
        if let rates = status.rates {
            let text = "written \(Words.rate(rates.written)), published \(Words.rate(rates.published))"
            table.add([.init("rates", .quiet), .init(text)])
        }
        if let forecast = status.forecast {
            let isBad = forecast.drainedInSeconds == nil
            table.add([.init("forecast", .quiet), .init(forecast.summary, isBad ? .attention : .good)])
        }
        table.add([.init("relay", .quiet), relay])
        table.add([.init("parked", .quiet), parked])
        for work in status.work {
            let tone: Terminal.Tone? = work.state == .interrupted || work.state == .waiting ? .attention : nil
            table.add([.init("at work", .quiet), .init(work.summary, tone)])
        }
        for group in status.consumers {
            let lag = group.lag.map { "\(Words.count($0)) behind" } ?? "unknown"
            let note = group.note.map { " (\($0))" } ?? ""
            table.add([
                .init("consumer", .quiet), .init("\(group.name): \(lag)\(note)", group.lag == 0 ? .good : nil),
            ])
        }
        for service in status.services {
            let tone: Terminal.Tone = service.isReady ? .good : .bad
            table.add([.init("service", .quiet), .init("\(service.name): \(service.text)", tone)])
        }
        for blocker in status.blockers {
            let age = blocker.since.map { " (for \(Words.age(status.takenAt.seconds(since: $0))))" } ?? ""
            table.add([.init("IN THE WAY", .bad), .init(blocker.summary + age, .bad)])
        }
        for note in status.notes { table.add([.init("note", .quiet), .init(note, .attention)]) }
        table.printed(hasTitles: false)
    }

    private var outbox: String {
        guard let storage = status.storage else { return "unknown" }
        var parts = [storage.outbox]
        if let bytes = storage.bytes { parts.append(Words.bytes(bytes)) }
        if let oldest = storage.oldestRowAt {
            parts.append("rows of the last \(Words.age(status.takenAt.seconds(since: oldest)))")
        }
        if let retention = storage.retention { parts.append("kept for \(retention)") }
        if let leaves = storage.leaves, let leaf = storage.currentLeaf { parts.append("leaf \(leaf) of \(leaves)") }
        return parts.joined(separator: ", ")
    }

    private var backlog: Table.Cell {
        guard let backlog = status.backlog else { return .init("unknown", .attention) }
        guard backlog.rows > 0 else { return .init("nothing: all committed rows are in Kafka or held", .good) }
        let about = backlog.isEstimate ? "about " : ""
        let age = backlog.oldestAgeSeconds.map { ", the oldest for \(Words.age($0))" } ?? ""
        return .init("\(about)\(Words.count(backlog.rows)) \(backlog.rows == 1 ? "row" : "rows")\(age)", .attention)
    }

    private var relay: Table.Cell {
        let relay = status.relay
        let standbys = "\(relay.standbys) \(relay.standbys == 1 ? "standby" : "standbys")"
        guard relay.leaseIsValid else { return .init("none leads, \(standbys)", .bad) }
        let doing =
            relay.pause.map { $0.isInEffect ? "paused" : "about to pause" }
            ?? (relay.isAsleep ? "asleep until a writer notifies" : relay.isDraining ? "publishing" : "awake")
        let moved = Words.age(status.takenAt.seconds(since: relay.movedAt))
        return .init(
            "\(relay.leader ?? "?") leads in epoch \(relay.epoch), \(doing), \(standbys); cut \(relay.cut), "
                + "moved \(moved) ago", relay.pause == nil ? .good : .attention)
    }

    private var parked: Table.Cell {
        let parked = status.parked
        guard parked.keys > 0 else { return .init("none", .good) }
        let about = parked.isEstimate ? "about " : ""
        let releasing = parked.releasing > 0 ? ", \(parked.releasing) being released" : ""
        return .init(
            "\(about)\(Words.count(parked.keys)) \(parked.keys == 1 ? "key" : "keys") with "
                + "\(Words.count(parked.heldRows)) held rows\(releasing): outboxctl parked", .bad)
    }
}
