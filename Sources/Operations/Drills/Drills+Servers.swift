import Postgres

extension Drills {
    /// The database server, as its owners change it.
    static let servers: [Drill] = [
        Drill(
            "failover", "the primary of Postgres dies, and its synchronous standby is promoted",
            needs: [.standby, .server]
        ) { scene in
            guard let standby = scene.stack.standby else { throw DrillError("there is no standby") }
            scene.pause(500...1_500)
            scene.mark("the primary dies")
            try scene.stack.postgres.crash()
            try standby.promote()
            scene.mark("the standby is promoted")
            try scene.load.more()
        },
        Drill(
            "outbox-retention",
            "rows leave the outbox a second after they are published, and the relay is killed meanwhile",
            needs: .shortRetention
        ) { scene in
            for _ in 0..<5 {
                scene.pause(1_000...2_000)
                scene.mark("kill -9 outbox-relay")
                try scene.stack.crash(.relay)
            }
            try scene.stack.waitUntilReady(.relay)
        },
        Drill("locked-read-model", "another session locks the read model and its offsets for three seconds") { scene in
            let session = try scene.stack.postgres.connect()
            try session.execute("BEGIN; LOCK TABLE order_projection IN ACCESS EXCLUSIVE MODE")
            scene.mark("the read model is locked")
            scene.pause(3_000...3_000)
            try session.execute("COMMIT")
            scene.mark("the lock is gone")
        },
        Drill(
            "locked-checkpoint", "another session locks the relay's checkpoint for six seconds, longer than its lease"
        ) {
            scene in
            let session = try scene.stack.postgres.connect()
            try session.execute(
                "BEGIN; LOCK TABLE outbox_relay.checkpoint_0, outbox_relay.checkpoint_1 IN ACCESS EXCLUSIVE MODE")
            scene.mark("the checkpoint is locked")
            scene.pause(6_000...6_000)
            try session.execute("COMMIT")
            scene.mark("the lock is gone")
        },
        Drill(
            "read-only", "the database takes no writes for three seconds, as in the middle of a switchover",
            needs: .server
        ) {
            scene in
            try scene.stack.postgres.set("default_transaction_read_only", "on")
            scene.mark("read only")
            scene.pause(3_000...3_000)
            try scene.stack.postgres.reset(["default_transaction_read_only"])
            scene.mark("writes again")
        },
    ]
}
