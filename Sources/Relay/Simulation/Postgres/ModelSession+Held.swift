import Postgres
import Sabotage

/// The statements about parked keys and held rows.
extension ModelSession {
    func runHeld(_ statement: ModelStatement, _ arguments: Arguments) throws(PostgresError) -> PostgresResult {
        switch statement {
        case .parkedKeys:
            let keys = server.mutant == .parkedKeyLetThrough ? [] : tables.parked
            return PostgresResult(
                columns: 4, rows: keys.map { [.text($0.key.type), .text($0.key.id), Self.time($0.retryAt), .null] })
        case .heldCount:
            return PostgresResult(columns: 1, rows: [[.int8(Int64(tables.held.count))]])
        case .park: park(arguments)
        case .hold: return hold(arguments)
        case .askedFor: return askedFor()
        case .heldRows: return heldRows(arguments)
        case .retried: break
        default: return forget(statement, arguments)
        }
        return PostgresResult(columns: 0, affectedRows: 1)
    }

    private static func time(_ microseconds: Int64?) -> PostgresValue { microseconds.map { .timestamp($0) } ?? .null }

    private func retryAt(_ arguments: Arguments, _ number: Int) -> Int64? {
        arguments.integer(number).map { server.now() + $0 * 1_000 }
    }

    private func park(_ arguments: Arguments) {
        let parked = ModelTables.Parked(
            key: arguments.key(1), outboxID: arguments.integer(3) ?? 0, retryAt: retryAt(arguments, 5))
        change { tables in
            if !tables.parked.contains(where: { $0.key == parked.key }) { tables.parked.append(parked) }
        }
    }

    private func hold(_ arguments: Arguments) -> PostgresResult {
        let (types, ids) = (arguments.texts(2), arguments.texts(3))
        let rows = arguments.integers(1).enumerated().map { index, outboxID in
            ModelTables.Held(
                holdID: server.drawHoldID(), outboxID: outboxID, key: ModelKey(type: types[index], id: ids[index]))
        }
        let known = Set(tables.held.map(\.outboxID))
        change { tables in
            for row in rows where !tables.held.contains(where: { $0.outboxID == row.outboxID }) {
                tables.held.append(row)
            }
        }
        return PostgresResult(columns: 0, affectedRows: rows.count { !known.contains($0.outboxID) })
    }

    private func askedFor() -> PostgresResult {
        let now = server.now()
        let due = tables.parked.filter { $0.releaseAskedAt != nil || ($0.retryAt.map { $0 <= now } ?? false) }
        let ordered = due.sorted {
            ($0.releaseAskedAt ?? .max, $0.retryAt ?? .max) < ($1.releaseAskedAt ?? .max, $1.retryAt ?? .max)
        }
        return PostgresResult(
            columns: 3,
            rows: ordered.map { [.text($0.key.type), .text($0.key.id), .bool($0.releaseAskedAt == nil)] })
    }

    private func heldRows(_ arguments: Arguments) -> PostgresResult {
        let (key, after) = (arguments.key(1), arguments.integer(3) ?? 0)
        let (limit, most) = (Int(arguments.integer(4) ?? 0), arguments.integer(5) ?? 0)
        let held = tables.held.filter { $0.key == key && $0.holdID > after }.sorted { $0.holdID < $1.holdID }
            .prefix(limit)
        var rows: [[PostgresValue]] = []
        var running: Int64 = 0
        let outboxIDs = held.map(\.outboxID)
        let isWrong = server.mutant == .releasedInWrongOrder
        for (held, outboxID) in zip(held, isWrong ? outboxIDs.reversed() : outboxIDs) where running < most {
            guard let row = server.row(outboxID) else { continue }
            running += row.size
            rows.append(Self.values(row, running: running) + [.int8(held.holdID), .bool(false)])
        }
        return PostgresResult(columns: 12, rows: rows)
    }

    private func forget(_ statement: ModelStatement, _ arguments: Arguments) -> PostgresResult {
        switch statement {
        case .forgetRows:
            let (key, through) = (arguments.key(1), arguments.integer(3) ?? 0)
            return removeHeld { $0.key == key && $0.holdID <= through }
        case .forgetReleased:
            guard let last = tables.held.first(where: { $0.holdID == arguments.integer(1) }) else {
                return PostgresResult(columns: 0, affectedRows: 0)
            }
            return removeHeld { $0.key == last.key && $0.holdID <= last.holdID }
        case .forgetKey:
            let key = arguments.key(1)
            let isFree = !tables.held.contains { $0.key == key } && tables.parked.contains { $0.key == key }
            if isFree { change { $0.parked.removeAll { $0.key == key } } }
            return PostgresResult(columns: 0, affectedRows: isFree ? 1 : 0)
        default:
            let (key, next) = (arguments.key(1), retryAt(arguments, 4))
            change { tables in
                for index in tables.parked.indices where tables.parked[index].key == key {
                    tables.parked[index].releaseAskedAt = nil
                    tables.parked[index].retryAt = next
                }
            }
            return PostgresResult(columns: 0, affectedRows: 1)
        }
    }

    private func removeHeld(_ condition: @escaping (ModelTables.Held) -> Bool) -> PostgresResult {
        let count = tables.held.count(where: condition)
        if count > 0 { change { $0.held.removeAll(where: condition) } }
        return PostgresResult(columns: 0, affectedRows: count)
    }
}
