import Glibc
import Postgres

extension Drills {
    /// Disks, memory, clocks and descriptors.
    static let machine: [Drill] =
        disks + clocks + [
            Drill(
                "relay-memory", "the relay may have 64 MB more than it has, while 200 MB of rows wait for slow brokers",
                switchesKafka: true
            ) { scene in
                let relay = try scene.stack.process(.relay)
                let limit = try ProcessStatus.bytes("VmData", of: relay.pid) + 64 << 20
                try scene.stack.limit(.relay, "data=\(limit):")
                scene.mark("the relay's memory is limited")
                try scene.stack.kafka.command("latency 100")
                let session = try scene.stack.postgres.connect()
                for number in 0..<20 {
                    try session.execute(
                        """
                        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                        SELECT 'parcel', 'large-' || n, \(number), 'parcel_moved',
                               convert_to(repeat('x', 100000), 'UTF8')
                        FROM generate_series(1, 100) AS n
                        """)
                }
                scene.pause(2_000...2_000)
                try scene.stack.kafka.command("latency 0")
                try scene.stack.wait("the large rows", for: "unpublished_rows < 1000 FROM outbox_state")
                guard relay.isRunning else { throw DrillError("the relay ended for want of memory, see \(relay.log)") }
                try scene.stack.limit(.relay, "data=unlimited:")
                scene.mark("no limit")
            },
            Drill("server-descriptors", "orders-server may open no file and no connection for three seconds") { scene in
                try scene.stack.limit(.server, "nofile=20:")
                scene.mark("no descriptors")
                scene.pause(3_000...3_000)
                try scene.stack.limit(.server, "nofile=1024:")
                scene.mark("descriptors")
            },
            Drill(
                "paused-consumers",
                "projector and payments stand still for eight seconds: their groups go on without them"
            ) {
                scene in
                try scene.stand(still: [.projector, .payments], 8_000)
            },
            Drill("paused-server", "orders-server stands still for four seconds") { scene in
                try scene.stand(still: [.server], 4_000)
            },
        ]

    // MARK: - Disks

    private static let disks: [Drill] = [
        filling(
            "disk-full", "the disk of Postgres is full for some seconds: its log cannot grow, and it ends itself",
            .smallDisk),
        filling(
            "tablespace-full", "the disk of the tables is full for some seconds, that of the log is not",
            .smallTablespace),
        Drill("slow-disk", "each flush of Postgres's log takes 100 ms, for six seconds", needs: .server) { scene in
            let postgres = scene.stack.postgres
            // Postgres waits so long before a flush, which happens only with fsync.
            for (setting, value) in [("fsync", "on"), ("commit_siblings", "0"), ("commit_delay", "100000")] {
                try postgres.set(setting, value)
            }
            scene.mark("a slow disk")
            scene.pause(6_000...6_000)
            try postgres.reset(["commit_delay", "commit_siblings", "fsync"])
            scene.mark("a fast disk")
        },
    ]

    private static func filling(_ name: String, _ summary: String, _ disk: DrillNeeds) -> Drill {
        Drill(name, summary, needs: [disk, .server]) { scene in
            try scene.fillDisk()
            scene.pause(2_000...4_000)
            try scene.stack.disk?.empty()
            scene.mark("there is room")
            try scene.stack.postgres.startIfNeeded()
            scene.mark("Postgres accepts connections")
        }
    }

    // MARK: - Clocks

    private static let clocks: [Drill] = [
        stepping("clock-postgres", "Postgres", ["postgres"]),
        stepping("clock-relay", "the relay", [DrillStack.Service.relay.rawValue]),
        stepping("clock-server", "orders-server", [DrillStack.Service.server.rawValue]),
        stepping(
            "clock-consumers", "projector and payments",
            [DrillStack.Service.projector.rawValue, DrillStack.Service.payments.rawValue]),
    ]

    private static func stepping(_ name: String, _ what: String, _ processes: [String]) -> Drill {
        Drill(
            name, "the clock of \(what) goes back by ten minutes, and forward again five seconds later",
            needs: processes == ["postgres"] ? [.clocks, .server] : .clocks
        ) { scene in
            for process in processes { try scene.stack.step(process, seconds: -600) }
            scene.mark("ten minutes earlier")
            scene.pause(5_000...5_000)
            try scene.load.more()
            for process in processes { try scene.stack.step(process, seconds: 0) }
            scene.mark("the right time")
            scene.pause(1_500...1_500)
        }
    }
}

extension DrillScene {
    /// Leaves no room on the small disk, and writes until Postgres notices.
    fileprivate func fillDisk() throws {
        guard let disk = stack.disk else { throw DrillError("there is no small disk") }
        try disk.fill()
        mark("the disk is full")
        let session = try? stack.postgres.connect()
        do {
            // More than what is left in the pages, also in those that busy writers add ahead, and in the files of the
            // log.
            try session?.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'parcel', 'full', n, 'parcel_moved', sha256(convert_to(n::text, 'UTF8'))
                FROM generate_series(1, 20000) AS n
                """)
            throw DrillError("the disk is not full")
        } catch let error as DrillError {
            throw error
        } catch {
            mark("Postgres has no room")
        }
    }

    fileprivate func stand(still services: [DrillStack.Service], _ milliseconds: Int) throws {
        let processes = try services.map { try stack.process($0) }
        mark("they stand still")
        for process in processes { process.signal(SIGSTOP) }
        pause(milliseconds...milliseconds)
        for process in processes { process.signal(SIGCONT) }
        mark("they go on")
    }
}

/// What the kernel tells of a process.
enum ProcessStatus {
    /// A size in `/proc/PID/status`, such as `VmData`.
    static func bytes(_ name: String, of pid: pid_t) throws -> Int {
        for line in LogFile.lines(of: "/proc/\(pid)/status") where line.hasPrefix(name + ":") {
            let digits = line.filter(\.isNumber)
            if let kilobytes = Int(digits) { return kilobytes << 10 }
        }
        throw DrillError("there is no \(name) of process \(pid)")
    }
}
