import Postgres

@testable import Outbox

/// Compares a topic with the outbox: nothing lost (I3), nothing inverted (I4).
struct TopicChecker: Equatable, CustomStringConvertible {
    /// Rows of the outbox that are not in the topic.
    var lost: [Int64] = []
    /// Messages that are in no committed row.
    var invented: [Int64] = []
    /// Keys whose first occurrences are out of sequence.
    var inverted: [String] = []
    /// Messages beyond the first of each row: allowed after a crash.
    var repeated = 0

    var isCorrect: Bool { lost.isEmpty && invented.isEmpty && inverted.isEmpty }

    var description: String {
        "lost \(lost.count), invented \(invented.count), inverted \(inverted.count), repeated \(repeated)"
    }

    init(_ messages: [MemoryTopic.Message], _ connection: PostgresConnection) throws {
        let rows = try connection.query("SELECT outbox_id FROM outbox ORDER BY outbox_id")
        let committed = Set(try (0..<rows.count).map { try rows.int64($0, 0) })
        var seen: Set<Int64> = []
        var last: [OutboxKey: Int64] = [:]
        for message in messages {
            guard seen.insert(message.outboxID).inserted else {
                repeated += 1
                continue
            }
            if message.sequence <= last[message.key] ?? -1 { inverted.append(message.key.aggregateID) }
            last[message.key] = max(message.sequence, last[message.key] ?? -1)
        }
        lost = committed.subtracting(seen).sorted()
        invented = seen.subtracting(committed).sorted()
    }
}
