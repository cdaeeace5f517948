import Postgres
import Sabotage

extension Drills {
    // MARK: - Named points inside the processes

    /// The process dies exactly there, and is started again; each drill is called as its point.
    static let failPoints: [Drill] = [
        dying(.relay, .relayBeforeRead, 1...40), dying(.relay, .relayAfterRead, 1...40),
        dying(.relay, .relayAfterProduce, 1...40), dying(.relay, .relayBeforeAck, 1...150),
        dying(.relay, .relayAfterAck, 1...40), dying(.relay, .relayAfterCommit, 1...20, [.needsExactlyOnce]),
        dying(.relay, .relayInLeafTurn, 1...3, settings: leaves),
        dying(.relay, .relayInTruncation, 1...3, settings: leaves),
        dying(.server, .appendBeforeCommit, 1...60), dying(.server, .appendAfterCommit, 1...60),
        dying(.projector, .projectorBeforeCommit, 1...20), dying(.projector, .projectorAfterCommit, 1...20),
        dying(.payments, .paymentsBeforeCharge, 1...60, settings: slowGateway),
        dying(.payments, .paymentsAfterCharge, 1...60, settings: slowGateway),
        dying(.payments, .appendBeforeCommit, 1...20, named: "payments-append-before-commit", settings: slowGateway),
        dying(.payments, .appendAfterCommit, 1...20, named: "payments-append-after-commit", settings: slowGateway),
    ]

    /// A consumer that was killed is missed by its group for ten seconds.
    private static func times(_ service: DrillStack.Service) -> Int {
        switch service {
        case .relay, .server: 3
        case .projector, .payments: 2
        }
    }

    private static func dying(
        _ service: DrillStack.Service, _ point: FailPoint, _ counts: ClosedRange<Int>, _ traits: Drill.Traits = [],
        named name: String? = nil, settings: [DrillStack.Service: [String: String]] = [:]
    ) -> Drill {
        let times = times(service)
        return Drill(
            name ?? point.rawValue,
            "\(service.rawValue) dies at the fail point \(point.rawValue), \(times) times, each with a new start",
            traits: service == .server ? traits : traits.union(.sparesClients), settings: settings
        ) { scene in
            try scene.strike(service, at: point, times: times, counts: counts)
        }
    }

    /// Leaves of the outbox turn every half second, and are truncated two seconds later.
    static let leaves: [DrillStack.Service: [String: String]] = [.relay: ["RELAY_RETENTION": "2s"]]
    /// Orders are cancelled while the gateway is asked.
    private static let slowGateway: [DrillStack.Service: [String: String]] = [
        .payments: ["PAYMENTS_GATEWAY_LATENCY_MS": "150"]
    ]

    // MARK: - Leaders

    /// Without session locks the lease and the epoch alone tell who leads.
    private static let pooled: [DrillStack.Service: [String: String]] = [.relay: ["RELAY_POOLER": "true"]]

    static let leaders: [Drill] = [
        Drill(
            "killed-in-takeover", "a standby dies while it takes over, before and after it has raised the epoch",
            traits: .sparesClients
        ) { scene in
            for point in [FailPoint.relayInTakeover, .relayAfterTakeover] {
                let setting = FailPointSetting(point)
                let standby = try scene.stack.startRelay("standby", with: setting)
                scene.pause(500...1_000)
                scene.mark("kill -9 of the leader")
                try scene.stack.process(.relay).kill9()
                try scene.stack.waitUntilStruck(standby, setting)
                scene.mark("the standby died at \(point.rawValue)")
                try scene.stack.start(.relay)
                try scene.stack.waitUntilReady(.relay)
                try scene.load.more()
            }
        },
        Drill(
            "zombie-at-checkpoint", "a leader stands still right before it moves the checkpoint; only its epoch is old",
            traits: .sparesClients, settings: pooled
        ) { scene in
            try zombie(scene, at: .relayAfterAck, count: scene.number(1...30)) {}
        },
        Drill(
            "zombie-at-renewal", "a leader stands still right before it renews its lease; the next leader is killed",
            traits: .sparesClients, settings: pooled
        ) { scene in
            let first = FailPointSetting(.relayBeforeRenewal, count: scene.number(1...2), action: .stop)
            try zombie(scene, at: first.point, count: first.count) {
                scene.mark("kill -9 of the next leader")
                // Nobody but the former leader can go on.
                try scene.stack.relay("standby").kill9()
            }
        },
    ]

    /// The first relay stands still at the point until a standby leads and has published; then it goes on.
    private static func zombie(
        _ scene: DrillScene, at point: FailPoint, count: Int, _ afterwards: () throws -> Void
    ) throws {
        let setting = FailPointSetting(point, count: count, action: .stop)
        try scene.stack.terminate(.relay)
        let former = try scene.stack.start(.relay, with: setting)
        try scene.stack.waitUntilStruck(former, setting)
        try scene.stack.startRelay("standby")
        scene.stops("the leader stands still at \(point.rawValue)")
        try scene.stack.waitUntilLeads("standby")
        scene.mark("the standby leads")
        try scene.load.more()
        former.resume()
        scene.mark("the former leader goes on")
        try scene.load.more()
        try afterwards()
        try scene.load.more()
    }
}
