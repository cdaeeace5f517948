import Operations
import Postgres
import Values

/// Finds the keys of examples: entries have hashes only.
struct ExampleKeys {
    private let source: String

    init(_ schema: String) { source = PostgresConnection.quoteIdentifier(schema) + ".source" }

    /// All examples, by kind, with their keys as far as they can be found.
    func named(_ findings: Findings, _ snapshot: SharedSnapshot) throws -> [Difference] {
        var examples = DifferenceKind.allCases.flatMap { findings.examples[$0] ?? [] }
        guard examples.contains(where: { $0.key == nil }) else { return examples }
        try snapshot.reading { connection in
            for index in examples.indices where examples[index].key == nil {
                guard let id = examples[index].outboxId else { continue }
                let rows = try connection.query(
                    PostgresStatement(
                        "SELECT aggregate_type::text, aggregate_id::text FROM \(source) WHERE outbox_id = $1"),
                    [.int8(id)])
                if rows.count == 1 { examples[index].key = "\(try rows.string(0, 0))/\(try rows.string(0, 1))" }
            }
            try nameEvents(&examples, connection)
        }
        return examples
    }

    /// There is no index by event id: one walk through the table for all of them.
    private func nameEvents(_ examples: inout [Difference], _ connection: PostgresConnection) throws {
        let unnamed = examples.filter { $0.key == nil }.compactMap { $0.eventId.flatMap { UUIDBytes($0) } }
        guard !unnamed.isEmpty, try connection.query("SELECT to_regclass('event') IS NOT NULL").bool(0, 0) else {
            return
        }
        var ids = PostgresArray(.uuid)
        for id in Set(unnamed) { ids.append(id) }
        let rows = try connection.query(
            "SELECT event_id, aggregate_type, aggregate_id FROM event WHERE event_id = ANY ($1)", [.array(ids)])
        var keys: [String: String] = [:]
        for row in 0..<rows.count {
            keys[try rows.uuid(row, 0).description] = "\(try rows.string(row, 1))/\(try rows.string(row, 2))"
        }
        for index in examples.indices where examples[index].key == nil {
            examples[index].key = examples[index].eventId.flatMap { keys[$0] }
        }
    }
}
