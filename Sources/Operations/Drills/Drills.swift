import Glibc
import Postgres

/// All drills, in the order in which `run all` runs them.
public enum Drills {
    /// By part of the system.
    public static let all: [Drill] =
        processes + failPoints + leaders + parking + database + servers + transactions + kafka + topics + network
        + machine + together

    /// The drill of a name; nil without one.
    public static func named(_ name: String) -> Drill? { all.first { $0.name == name } }

    /// How often a process is killed in one drill.
    private static let kills = 4

    private static func killing(_ service: DrillStack.Service, _ name: String) -> Drill {
        Drill(
            name, "kill -9 of \(service.rawValue) at \(kills) random moments, each with a new start",
            traits: service == .server ? [] : .sparesClients
        ) { scene in
            for _ in 0..<kills {
                scene.pause(200...1_200)
                scene.mark("kill -9 \(service.rawValue)")
                try scene.stack.process(service).kill9()
                scene.pause(0...400)
                try scene.stack.start(service)
            }
            try scene.stack.waitUntilReady(service)
        }
    }

    // MARK: - Processes

    static let processes: [Drill] = [
        killing(.relay, "kill-relay"), killing(.server, "kill-server"), killing(.projector, "kill-projector"),
        killing(.payments, "kill-payments"),
        Drill(
            "zombie-relay", "the leading relay is stopped, a standby takes over, and the stopped one goes on",
            traits: .sparesClients
        ) { scene in
            try scene.stack.startRelay("standby")
            let first = try scene.stack.process(.relay)
            scene.stops("SIGSTOP the leading relay")
            first.signal(SIGSTOP)
            try scene.stack.waitUntilLeads("standby")
            scene.mark("the standby leads")
            try scene.load.more()
            scene.mark("SIGCONT the old leader")
            first.signal(SIGCONT)
            try scene.load.more()
        },
        Drill(
            "two-relays", "two relays by misconfiguration; whichever leads is killed, and started again",
            traits: .sparesClients
        ) { scene in
            var second = try scene.stack.startRelay("second")
            for turn in 0..<kills {
                scene.pause(300...1_000)
                if turn.isMultiple(of: 2) {
                    scene.mark("kill -9 the first relay")
                    try scene.stack.crash(.relay)
                } else {
                    scene.mark("kill -9 the second relay")
                    try second.kill9()
                    second = try scene.stack.startRelay("second")
                }
            }
            try scene.stack.waitUntilReady(.relay)
        },
        Drill(
            "sigterm-all", "SIGTERM of all services under load: each has to end with status 0", traits: .onlyStops
        ) { scene in
            scene.mark("SIGTERM of everything")
            for service in DrillStack.Service.allCases { try scene.stack.process(service).signal(SIGTERM) }
            for service in DrillStack.Service.allCases { try scene.stack.terminate(service) }
            scene.mark("start of everything")
            for service in DrillStack.Service.allCases { try scene.stack.start(service) }
            for service in DrillStack.Service.allCases { try scene.stack.waitUntilReady(service) }
        },
        Drill(
            "rolling-restart", "every service is ended with SIGTERM and started again, one after the other",
            traits: .onlyStops
        ) { scene in
            for service in DrillStack.Service.allCases {
                scene.mark("restart \(service.rawValue)")
                try scene.stack.terminate(service)
                try scene.stack.start(service)
                try scene.stack.waitUntilReady(service)
            }
        },
    ]

    // MARK: - The database server

    static let database: [Drill] = [
        Drill("postgres-crash", "Postgres is shut down immediately, twice, and recovers", needs: .server) { scene in
            for _ in 0..<2 {
                scene.pause(200...1_000)
                scene.mark("crash of Postgres")
                try scene.stack.postgres.crash()
                scene.pause(0...800)
                try scene.stack.postgres.start()
                scene.mark("Postgres is back")
                try scene.load.more()
            }
        },
        Drill(
            "postgres-away", "Postgres is away for six seconds: every service has to say that it is not ready",
            needs: .server
        ) { scene in
            scene.mark("crash of Postgres")
            try scene.without(.postgres) {
                try scene.stack.postgres.crash()
                scene.pause(6_000...6_000)
            }
            try scene.stack.postgres.start()
            scene.mark("Postgres is back")
        },
        Drill("postgres-hang", "all processes of Postgres stand still for three seconds", needs: .server) { scene in
            scene.mark("Postgres stands still")
            try scene.stack.postgres.frozen { scene.pause(3_000...3_000) }
            scene.mark("Postgres goes on")
        },
        Drill("backends-terminated", "all connections to Postgres are terminated, five times") { scene in
            for _ in 0..<5 {
                scene.pause(100...700)
                scene.mark("backends terminated")
                try scene.terminate("true")
            }
        },
        Drill("listener-dropped", "the relay's connections are terminated, again and again") { scene in
            for _ in 0..<8 {
                scene.pause(100...400)
                scene.mark("the relay's backends terminated")
                try scene.terminate("application_name LIKE 'outbox-relay%'")
            }
        },
        Drill("connection-limit", "all connections that Postgres allows are taken for two seconds", needs: .server) {
            scene in
            var taken: [PostgresConnection] = []
            scene.mark("all connections taken")
            while taken.count < 100, let one = try? scene.stack.postgres.connect() { taken.append(one) }
            try scene.terminate("application_name <> 'outbox drill'", by: taken.first)
            scene.pause(2_000...2_000)
            taken.removeAll()
            scene.mark("connections are free")
        },
        Drill("locked-outbox", "another session locks the table outbox for two seconds") { scene in
            let session = try scene.stack.postgres.connect()
            try session.execute("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            scene.mark("outbox is locked")
            scene.pause(2_000...2_000)
            try session.execute("COMMIT")
            scene.mark("the lock is gone")
        },
    ]
}
