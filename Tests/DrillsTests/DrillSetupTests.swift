import Foundation
import Kafka
import TestKit
import Testing

@testable import Drills

/// Which drills a setup allows, and where they run.
struct DrillSetupTests {
    private var setup: DrillSetup { DrillSetup(beside: "/nowhere/outboxctl", checkout: TestPaths.root.path) }

    @Test func aGivenKafkaIsNotSwitched() throws {
        var setup = setup
        setup.kafka = KafkaConfiguration(bootstrapServers: "broker:9092")
        let (down, killed) = (try #require(Drills.named("brokers-down")), try #require(Drills.named("kill-relay")))
        #expect(setup.refusal(down) == "switches a Kafka of its own")
        #expect(setup.refusal(killed) == nil)
    }

    @Test func aGivenPostgresIsNotBroken() throws {
        var setup = setup
        setup.database = "postgresql://me@db/postgres"
        for name in ["postgres-crash", "failover", "disk-full"] {
            #expect(setup.refusal(try #require(Drills.named(name))) == "breaks a Postgres of its own")
        }
        #expect(setup.refusal(try #require(Drills.named("kill-server"))) == nil)
    }

    @Test func exactlyOnceDoesNotSwitchTheEmbeddedKafka() throws {
        var setup = setup
        setup.delivery = .exactlyOnce
        #expect(setup.refusal(try #require(Drills.named("slow-brokers"))) == "switches the embedded Kafka")
    }

    @Test(arguments: [
        (
            "postgresql://me:secret@db:6432/postgres?sslmode=require",
            "postgresql://me:secret@db:6432/drill?sslmode=require"
        ),
        ("postgres://db", "postgres://db:5432/drill"),
        ("postgresql://me@a:1,b/x", "postgresql://me@a:1,b:5432/drill"),
    ])
    func theDrillHasADatabaseOfItsOwn(_ given: String, _ wanted: String) throws {
        #expect(try DatabaseAddress(given).url("drill") == wanted)
    }

    @Test(arguments: ["", "host=db dbname=x", "postgresql:///x"])
    func anAddressWithoutAHostIsRefused(_ text: String) {
        #expect(throws: DrillError.self) { try DatabaseAddress(text) }
    }

    @Test func thereAreAtLeastFortyDrills() { #expect(Drills.all.count >= 40) }
}
