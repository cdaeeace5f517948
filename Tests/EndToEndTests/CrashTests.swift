import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// `kill -9` of each process while orders are being placed; afterwards everything acknowledged is there, once and
    /// in order.
    @Suite struct CrashTests {
        private static let ordersBetweenCrashes = 40
        private static let crashes = 4

        @Test(arguments: TestStack.Service.allCases)
        func aKilledServiceLosesNothing(_ service: TestStack.Service) async throws {
            try await TestStack.with { stack in
                let load = try await stack.startLoad()
                for _ in 0..<Self.crashes {
                    try await load.acknowledged(Self.ordersBetweenCrashes)
                    try await stack.crash(service)
                }
                try await load.acknowledged(Self.ordersBetweenCrashes)
                let acknowledged = try await load.end()
                #expect(acknowledged.count >= Self.ordersBetweenCrashes * (Self.crashes + 1))
                try await stack.expectInvariants(acknowledged)
            }
        }

        @Test func aPostgresThatCrashesLosesNothing() async throws {
            try await TestStack.with { stack in
                let load = try await stack.startLoad()
                for _ in 0..<2 {
                    try await load.acknowledged(Self.ordersBetweenCrashes)
                    try await stack.postgres.stop(.immediate)
                    try await stack.postgres.restart()
                }
                try await load.acknowledged(Self.ordersBetweenCrashes)
                let acknowledged = try await load.end()
                try await stack.expectInvariants(acknowledged)
                for service in TestStack.Service.allCases { #expect(try stack.process(service).isRunning) }
            }
        }

        @Test(.switchesKafka) func aKafkaThatGoesAwayAndComesBackLosesNothing() async throws {
            try await TestStack.with { stack in
                let load = try await stack.startLoad()
                try await load.acknowledged(Self.ordersBetweenCrashes)
                try await stack.kafka.control("down")
                // Placing orders does not need Kafka.
                try await load.acknowledged(Self.ordersBetweenCrashes)
                try await stack.kafka.control("up")
                try await load.acknowledged(Self.ordersBetweenCrashes)
                let acknowledged = try await load.end()
                try await stack.expectInvariants(acknowledged)
                for service in TestStack.Service.allCases { #expect(try stack.process(service).isRunning) }
            }
        }

        /// Kafka answers slowly, so that the relay dies while the batch it has promised in its checkpoint is under way.
        @Test(.switchesKafka) func aRelayKilledInMidBatchFinishesTheBatch() async throws {
            try await TestStack.with { stack in
                try await stack.kill(.relay)
                try await stack.execute(Self.backlog)
                try await stack.kafka.control("latency 500")
                for _ in 0..<3 {
                    try await stack.start(.relay)
                    try await stack.spin(until: "SELECT EXISTS (SELECT FROM relay_state WHERE draining IS NOT NULL)")
                    try await stack.kill(.relay)
                    #expect(try await stack.query("SELECT (draining IS NOT NULL)::text FROM relay_state") == ["true"])
                }
                try await stack.kafka.control("latency 0")
                try await stack.start(.relay)
                try await stack.drained()
                try await stack.expectInvariants()
            }
        }

        /// 200 aggregates of 25 rows each, interleaved.
        private static let backlog = """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            SELECT 'parcel', 'parcel-' || a, s, 'parcel_moved', convert_to(a || '/' || s, 'UTF8')
            FROM generate_series(0, 24) s, generate_series(1, 200) a
            """
    }
}
