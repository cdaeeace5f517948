import Kafka
import Operations
import OutboxKafka
import Values

/// Compares the events, rows and records of the keys of one bucket. Pure.
struct BucketJudge {
    let ground: JudgeGround
    private(set) var findings = Findings()
    private var nodes: [Node] = []
    /// Places in ``nodes`` by event id, with gaps: -1.
    private var table: [Int32] = []
    private var mask = 0

    /// One event: what the three say of it. Places in the arrays, -1 without one.
    private struct Node {
        var eventID: UUIDBytes
        var event: Int32 = -1
        var row: Int32 = -1
        var record: Int32 = -1
    }

    init(_ ground: JudgeGround) { self.ground = ground }

    mutating func judge(events: [AuditEntry], rows: [AuditEntry], records: [AuditEntry]) {
        reserve(events.count + rows.count)
        for (index, row) in rows.enumerated() where !row.flags.contains(.replayed) { take(row, Int32(index), rows) }
        for (index, event) in events.enumerated() { take(event, Int32(index), rows: rows) }
        var order = KeyOrder()
        for (index, record) in records.enumerated() {
            take(record, Int32(index), events, rows, &order)
        }
        for _ in 0..<order.keysInSeveralPartitions { findings.leave(.severalTopics) }
        for node in nodes { finish(node, events, rows, records) }
    }

    // MARK: The table

    private mutating func reserve(_ count: Int) {
        var size = 16
        while size < count * 2 { size *= 2 }
        mask = size - 1
        table = [Int32](repeating: -1, count: size)
        nodes.removeAll(keepingCapacity: true)
        nodes.reserveCapacity(count)
    }

    private func slot(_ id: UUIDBytes) -> Int {
        var hash = id.low ^ id.high &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while table[slot] >= 0, nodes[Int(table[slot])].eventID != id { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func node(_ id: UUIDBytes) -> Int {
        let slot = slot(id)
        if table[slot] < 0 {
            table[slot] = Int32(nodes.count)
            nodes.append(Node(eventID: id))
        }
        return Int(table[slot])
    }

    // MARK: Rows and events

    private mutating func take(_ row: AuditEntry, _ index: Int32, _ rows: [AuditEntry]) {
        let place = node(row.eventID)
        guard nodes[place].row < 0 else {
            let first = rows[Int(nodes[place].row)].place
            return findings.add(.rowExtra) {
                row.difference(.rowExtra, "row \(row.place) is of the same event as row \(first)")
            }
        }
        nodes[place].row = index
    }

    private mutating func take(_ event: AuditEntry, _ index: Int32, rows: [AuditEntry]) {
        let place = node(event.eventID)
        nodes[place].event = index
        guard nodes[place].row >= 0 else {
            if ground.isBehindOutbox(event.createdAt) { return findings.leave(.eventsBehindOutbox) }
            return findings.add(.rowMissing) { event.difference(.rowMissing, "the event has no row in the outbox") }
        }
        let row = rows[Int(nodes[place].row)]
        var wrong: [String] = []
        if row.rank != event.rank { wrong.append("sequence number") }
        if row.type != event.type { wrong.append("event type") }
        if row.source != event.source { wrong.append("aggregate type") }
        if row.value != event.value { wrong.append("payload") }
        guard !wrong.isEmpty else { return }
        findings.add(.rowDiffers) {
            row.difference(.rowDiffers, "the row has another \(wrong.joined(separator: ", ")) than its event")
        }
    }

    // MARK: Records

    private mutating func take(
        _ record: AuditEntry, _ index: Int32, _ events: [AuditEntry], _ rows: [AuditEntry], _ order: inout KeyOrder
    ) {
        let found = table[slot(record.eventID)]
        if record.flags.contains(.replayed) { findings.known.replayed += 1 }
        guard found >= 0 else { return takeUnknown(record) }
        let node = nodes[Int(found)]
        let expected = node.row >= 0 ? rows[Int(node.row)] : events[Int(node.event)]
        compare(record, expected)
        guard !record.flags.contains(.replayed) else { return }
        guard node.record < 0 else { return findings.known.duplicates += 1 }
        nodes[Int(found)].record = index
        let rank = expected.rank == AuditEntry.noRank ? expected.place : expected.rank
        guard let previous = order.take(record, rank, topic: ground.partitions[Int(record.source)].topic) else {
            return
        }
        let place = ground.place(record)
        findings.add(.recordOrder) {
            record.difference(
                .recordOrder, "\(rank) comes for the first time behind \(previous)", record: place, expected)
        }
    }

    private mutating func takeUnknown(_ record: AuditEntry) {
        if record.flags.contains(.replayed) { return }
        if record.flags.contains(.foreign) { return findings.known.ofOtherOutboxes += 1 }
        if ground.isOrphan(record) { return findings.known.lost += 1 }
        if ground.request.hasFilter {
            if record.flags.contains(.withoutTime) { return findings.leave(.recordsWithoutTime) }
            // The type of a record is not known where it does not decide the topic.
            if ground.request.aggregateType != nil, !ground.request.namesTopicsByType { return }
        }
        let isComplete = ground.ground.hasEvents && record.flags.contains(.recorded)
        if !isComplete, ground.isBehindOutbox(record.createdAt) { return findings.leave(.recordsBehindOutbox) }
        let place = ground.place(record)
        findings.add(.recordExtra) {
            record.difference(.recordExtra, "no row and no event has the id of the record", record: place)
        }
    }

    private mutating func compare(_ record: AuditEntry, _ expected: AuditEntry) {
        if record.value != expected.value {
            if expected.flags.contains(.edited) {
                findings.known.edited += 1
            } else {
                let place = ground.place(record)
                findings.add(.recordPayload) {
                    record.difference(.recordPayload, "the value is not the payload", record: place, expected)
                }
            }
        }
        var wrong: [String] = []
        let topic = ground.partitions[Int(record.source)].topic
        if ground.comparesTopics, topic != UInt16(expected.source) { wrong.append("topic") }
        if record.type != AuditNames.unknown, record.type != expected.type { wrong.append("event type") }
        if record.rank != AuditEntry.noRank, record.rank != expected.rank { wrong.append("sequence number") }
        guard !wrong.isEmpty else { return }
        let place = ground.place(record)
        findings.add(.recordHeaders) {
            record.difference(
                .recordHeaders, "the record has another \(wrong.joined(separator: ", "))", record: place, expected)
        }
    }

    // MARK: What is left

    private mutating func finish(_ node: Node, _ events: [AuditEntry], _ rows: [AuditEntry], _ records: [AuditEntry]) {
        let row = node.row >= 0 ? rows[Int(node.row)] : nil
        let event = node.event >= 0 ? events[Int(node.event)] : nil
        if let row, event == nil, row.flags.contains(.recorded), ground.ground.hasEvents {
            findings.add(.rowExtra) { row.difference(.rowExtra, "the row is of an order and has no event") }
        }
        if node.record < 0 { finishUnpublished(row, event) }
        if let event, event.flags.contains(.unprojected) {
            let record = node.record >= 0 ? records[Int(node.record)] : nil
            finishUnprojected(event, record, isDue: row?.flags.contains(.due) ?? true)
        }
    }

    private mutating func finishUnpublished(_ row: AuditEntry?, _ event: AuditEntry?) {
        if let row {
            if row.flags.contains(.leftOut) { return findings.known.leftOut += 1 }
            if row.flags.contains(.skipped) { return findings.known.skipped += 1 }
            if row.flags.contains(.held) { return findings.known.held += 1 }
            guard row.flags.contains(.due) else { return findings.known.onTheirWay += 1 }
        }
        guard let entry = row ?? event else { return }
        // Without a row it was never in the outbox, which is a difference of its own, or it was published.
        if row == nil, !ground.isBehindOutbox(entry.createdAt) { return }
        if ground.isLost(entry) { return findings.known.lost += 1 }
        if ground.isRemoved(entry) { return findings.leave(.rowsBehindRetention) }
        let reason =
            ground.isRead(entry)
            ? "no record has its id"
            : "there is no topic \(entry.source < ground.topics.count ? ground.topics[Int(entry.source)] : "of it")"
        findings.add(.recordMissing) {
            entry.difference(.recordMissing, row == nil ? "the event was published, and \(reason)" : reason)
        }
    }

    private mutating func finishUnprojected(_ event: AuditEntry, _ record: AuditEntry?, isDue: Bool) {
        if ground.ground.isHealing { return findings.leave(.ordersWhileHealing) }
        guard let record else {
            if isDue { findings.leave(.ordersWithoutRecord) } else { findings.known.notProjectedYet += 1 }
            return
        }
        let partition = ground.partitions[Int(record.source)].place
        guard let applied = ground.ground.applied[partition], record.place < applied else {
            return findings.known.notProjectedYet += 1
        }
        let kind: DifferenceKind =
            event.flags.contains(.withoutProjection) ? .projectionMissing : .projectionBehind
        let text =
            kind == .projectionMissing
            ? "the read model has no row of the order" : "the row of the read model lacks event \(event.rank)"
        let place = ground.place(record)
        findings.add(kind) {
            event.difference(kind, "\(text), and the projector is at offset \(applied)", record: place)
        }
    }
}

/// The last rank of each key in each partition.
private struct KeyOrder {
    private struct Place: Hashable {
        var key: UInt64
        var partition: UInt32
    }

    private struct Unit: Hashable {
        var key: UInt64
        var topic: UInt16
    }

    private var last: [Place: Int64] = [:]
    private var partitions: [Unit: UInt32] = [:]
    private(set) var keysInSeveralPartitions = 0

    /// - Returns: the rank before, if it is larger.
    mutating func take(_ record: AuditEntry, _ rank: Int64, topic: UInt16) -> Int64? {
        let previous = last.updateValue(rank, forKey: Place(key: record.key, partition: record.source))
        if previous == nil,
            partitions.updateValue(record.source, forKey: Unit(key: record.key, topic: topic)) != nil
        {
            keysInSeveralPartitions += 1
        }
        return previous.flatMap { $0 > rank ? $0 : nil }
    }
}

extension AuditEntry {
    /// A difference that concerns this entry; `row` is the row or event of a record.
    fileprivate func difference(
        _ kind: DifferenceKind, _ text: String, record: String? = nil, _ row: AuditEntry? = nil
    ) -> Difference {
        let row = row ?? (record == nil ? self : nil)
        return Difference(
            kind: kind, eventId: eventID.description,
            sequenceNumber: [row?.rank, rank].lazy.compactMap { $0 }.first { $0 != Self.noRank },
            outboxId: row.flatMap { $0.place > 0 ? $0.place : nil }, record: record, text: text)
    }
}
