import Outbox

/// Compares what arrives in Kafka with what is committed in Postgres.
final class Judge {
    private let server: ModelPostgres
    private let isExactlyOnce: Bool
    /// By uid: how often the row has arrived.
    private var arrivals: [Int] = []
    /// By key: the sequence number that has to come next for the first time.
    private var nextSequence: [Int64]
    private(set) var violation: Violation?
    private(set) var repeated = 0

    init(_ server: ModelPostgres, keys: Int, isExactlyOnce: Bool) {
        self.server = server
        self.isExactlyOnce = isExactlyOnce
        nextSequence = Array(repeating: 0, count: keys)
    }

    /// The first violation is kept: what follows may be its consequence.
    func report(_ invariant: Violation.Invariant, _ text: @autoclosure () -> String) {
        if violation == nil { violation = Violation(invariant: invariant, text: text()) }
    }

    /// A reader of committed messages sees this one.
    func see(_ message: ModelKafka.Message) {
        let name = "k\(message.key)/\(message.sequence)"
        guard let row = server.rows.last(where: { $0.uid == message.uid }), server.isOnDisk(row) else {
            return report(.notOnDisk, "\(name) is in Kafka, and Postgres has lost it or can still lose it")
        }
        while arrivals.count <= message.uid { arrivals.append(0) }
        arrivals[message.uid] += 1
        guard arrivals[message.uid] == 1 else {
            repeated += 1
            if isExactlyOnce { report(.repeated, "\(name) is in Kafka twice") }
            return
        }
        let expected = nextSequence[message.key]
        if message.sequence != expected { report(.orderLost, "\(name) came where k\(message.key)/\(expected) was due") }
        nextSequence[message.key] = max(expected, message.sequence + 1)
    }

    /// The committed rows that are not in Kafka.
    var missing: [ModelPostgres.Row] {
        server.visibleRows { $0.uid >= arrivals.count || arrivals[$0.uid] == 0 }
    }

    /// The missing rows that the checkpoint counts as published and that are not held: no relay will send them.
    var skipped: [ModelPostgres.Row] {
        let tables = server.tables
        return missing.filter { row in
            tables.checkpoint.published.sees(row.transaction) && !tables.held.contains { $0.outboxID == row.outboxID }
        }
    }

    /// The checkpoint is moved.
    func moved(by epoch: Int64, leading: Int64) {
        if epoch != leading { report(.twoLeaders, "epoch \(epoch) moves the checkpoint, and epoch \(leading) leads") }
    }

    /// A relay has made a step.
    func check(_ relay: SimulatedRelay, now: Int64, lease: Int64) {
        for session in server.sessions
        where session.owner == relay.owner && session.isUsable && session.transaction != nil {
            report(.transactionHeld, "relay \(relay.number) has left a transaction open")
        }
        guard let epoch = relay.process?.epoch, relay.process?.hasLease == true,
            let raised = server.raises[epoch + 1], now > raised + lease
        else { return }
        report(
            .twoLeaders,
            "relay \(relay.number) has a lease in epoch \(epoch), \((now - raised) / 1_000_000) s after another one led"
        )
    }
}
