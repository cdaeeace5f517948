import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// The read model is rebuilt under load, by `outboxctl` and a projector that is killed meanwhile.
    @Suite struct RebuildTests {
        private static let orders = 60

        private func outboxctl(_ stack: TestStack, _ words: String...) async throws -> String {
            try await Command.output(
                [TestPaths.binary("outboxctl").path] + words,
                environment: ["DATABASE_URL": stack.url(as: "outbox_operator")])
        }

        @Test func aRebuildUnderLoadOutlivesItsProjector() async throws {
            try await TestStack.with { stack in
                let load = try await stack.startLoad()
                try await load.acknowledged(Self.orders)
                try await stack.wait(for: "SELECT count(*) >= \(Self.orders / 2) FROM order_projection")
                try await stack.execute(
                    """
                    UPDATE order_projection SET customer_id = 'wrong' WHERE order_id IN (
                        SELECT order_id FROM order_projection ORDER BY order_id LIMIT 20)
                    """)
                let asked = try await outboxctl(stack, "rebuild", "--rate", "20", "--yes", "--reason", "a drill")
                #expect(asked.contains("rebuild 1 is asked for"))
                try await stack.wait(for: "SELECT orders >= 15 FROM order_projection_rebuild")
                try await stack.crash(.projector)
                try await load.acknowledged(Self.orders)
                let second = try await Command.run(
                    [TestPaths.binary("outboxctl").path, "rebuild", "--yes", "--reason", "x"],
                    environment: ["DATABASE_URL": stack.databaseURL])
                #expect(second.exitCode == 1 && second.errors.contains("rebuild 1 is open: asked for by"), "\(second)")
                try await stack.execute("UPDATE order_projection_rebuild SET orders_per_second = 100000")
                let shown = try await outboxctl(stack, "rebuild", "show", "--watch")
                #expect(shown.contains("rebuild 1: done") && shown.contains("had other values"), "\(shown)")
                let acknowledged = try await load.end()
                try await stack.settled()
                try await stack.expectInvariants(acknowledged)
                let wrong = "SELECT order_id FROM order_projection WHERE customer_id = 'wrong'"
                #expect(try await stack.query(wrong).isEmpty)
            }
        }

        @Test func withoutAProjectorItSaysSo() async throws {
            let url = try await TestPostgres.database()
            let binary = TestPaths.binary("outboxctl").path
            let begun = try await Command.run(
                [binary, "rebuild", "--yes", "--json", "--reason", "x"], environment: ["DATABASE_URL": url])
            #expect(begun.exitCode == 0 && begun.output.contains(#""state":"asked""#), "\(begun)")
            let stopped = try await Command.run(
                [binary, "rebuild", "stop", "1", "--yes", "--reason", "no"], environment: ["DATABASE_URL": url])
            #expect(stopped.exitCode == 0, "\(stopped)")
            let shown = try await Command.run([binary, "rebuild", "show"], environment: ["DATABASE_URL": url])
            #expect(shown.output.contains("rebuild 1: stopping"), "\(shown)")
        }
    }
}
