import Foundation
import Outbox
import Postgres
import TestKit
import Testing

extension EndToEndTests {
    /// An asynchronous standby was promoted, and the old primary runs on. Each has a relay.
    @Suite struct SplitBrainTests {
        /// The relay of the new primary begins while the other one leads: that one ends. Nothing that is written to the
        /// old primary afterwards reaches Kafka.
        @Test(arguments: DeliveryGuarantee.allCases)
        func theRelayOfTheOldPrimaryEnds(_ guarantee: DeliveryGuarantee) async throws {
            try await TestStack.withStandby(guarantee, isSynchronous: false) { stack, standby in
                let old = try await stack.startRelay("old", settings(stack, guarantee, stack.postgres))
                try await stack.leads("old")
                try await stack.parcels(0..<5)
                try await promote(stack, standby)
                _ = try await stack.startRelay("new", settings(stack, guarantee, standby))
                try await stack.leads("new")
                try await stack.parcels(5..<8)
                if guarantee == .exactlyOnce {
                    // It notices when it has something to publish: Kafka takes nothing of it.
                    try await stack.drained()
                    try await stack.parcels(5..<9, on: stack.postgres)
                }
                #expect(try await old.exit() == 1)
                #expect(old.output.contains { $0.contains("an old primary") })
                try await stack.parcels(9..<12, on: stack.postgres)
                try await expectOnlyTheNewPrimary(stack)
            }
        }

        /// The relay of the old primary begins when the other one has published: it ends and publishes nothing.
        @Test(arguments: DeliveryGuarantee.allCases)
        func aRelayThatStartsOnTheOldPrimaryPublishesNothing(_ guarantee: DeliveryGuarantee) async throws {
            try await TestStack.withStandby(guarantee, isSynchronous: false) { stack, standby in
                let old = try await stack.startRelay("old", settings(stack, guarantee, stack.postgres))
                try await stack.leads("old")
                try await stack.parcels(0..<5)
                try await stack.drained()
                old.signal(SIGTERM)
                #expect(try await old.exit() == 0)
                try await promote(stack, standby)
                try await stack.parcels(5..<9, on: stack.postgres)
                _ = try await stack.startRelay("new", settings(stack, guarantee, standby))
                try await stack.leads("new")
                try await stack.parcels(5..<8)
                try await stack.drained()
                try await recorded(stack, timeline: 2)
                let back = try await stack.startRelay("back", settings(stack, guarantee, stack.postgres))
                #expect(try await back.exit() == 1)
                #expect(back.output.contains { $0.contains("an old primary") })
                try await expectOnlyTheNewPrimary(stack)
            }
        }

        private func settings(_ stack: TestStack, _ guarantee: DeliveryGuarantee, _ server: TestPostgres) -> [String:
            String]
        {
            var settings = stack.delivery(guarantee)
            settings["DATABASE_URL"] = stack.url([server])
            settings["RELAY_LEASE"] = "6s"
            return settings
        }

        /// Promotes the standby, which has everything; the stack goes to it from here on.
        private func promote(_ stack: TestStack, _ standby: TestPostgres) async throws {
            try await stack.drained()
            try await stack.wait(
                for: "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn())")
            try await standby.promote()
            stack.useServers([standby])
        }

        /// Waits until Kafka's record is of this timeline.
        private func recorded(_ stack: TestStack, timeline: Int32) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while try await stack.deliveryRecords().last?.origin.timeline != timeline {
                guard .now < deadline else { throw TestFailure("no record of timeline \(timeline)") }
            }
        }

        private func expectOnlyTheNewPrimary(_ stack: TestStack) async throws {
            try await stack.drained()
            let published = Set(try await stack.parcelIDs())
            let rows = Set(try await stack.query("SELECT event_id::text FROM outbox"))
            #expect(published == rows, "\(published.subtracting(rows).count) rows are of the old primary alone")
        }
    }
}
