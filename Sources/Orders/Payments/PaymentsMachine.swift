import Consumers
import EventStore
import Orders
import Values

/// Which orders are worked on, and which offsets may be committed. Pure.
///
/// One order is worked on by one task at a time. A reason that comes meanwhile leads to one more task afterwards,
/// because the task under way may have read the order's state before. A message is settled when the task that serves it
/// has ended.
struct PaymentsMachine {
    /// Why an order is to be worked on.
    enum Reason: Hashable {
        /// A message that was read under an assignment; after the next assignment it belongs to another member.
        case message(partition: Int32, offset: Int64, assignment: Int)
        /// The recovery pass found the order.
        case recoveryPass
        /// The order's time in `payment_retry` has come.
        case retry
    }

    /// An order to work on.
    struct Job: Hashable {
        let orderID: String
        /// The order as its message told it; nil lets the event store load it.
        let known: KnownOrder?
    }

    private struct Work {
        var reasons: [Reason]
        /// The order as its only message told it.
        var known: KnownOrder?
        var isRunning = false
        /// Reasons that came while the work was running.
        var later: [Reason] = []
    }

    private var orders: [ExactText: Work] = [:]
    private var queue: [ExactText] = []
    private var queueFront = 0
    private(set) var runningOrders = 0
    /// Orders that the recovery pass asked for and that are not settled.
    private(set) var ordersOfPass = 0

    private var windows: [Int32: OffsetWindow] = [:]
    private var committed: [Int32: Int64] = [:]
    private var assignment = 0
    /// Whether reading has to pause until enough orders are settled.
    private(set) var isFull = false

    // MARK: Partitions

    /// Reading begins at these offsets; partitions that are not named are taken away.
    mutating func assigned(_ positions: [Int32: Int64]) {
        assignment += 1
        windows = positions.mapValues { OffsetWindow(startingAt: $0) }
        committed = positions
        dropQueuedMessages()
    }

    /// All partitions are taken away.
    mutating func revoked() {
        assigned([:])
    }

    /// The partition goes on at another offset.
    mutating func restarted(_ partition: Int32, at offset: Int64) {
        guard windows[partition] != nil else { return }
        windows[partition] = OffsetWindow(startingAt: offset)
        committed[partition] = nil
    }

    /// The offsets that have become committable since the last call.
    mutating func takeCommits() -> [Int32: Int64] {
        let moved = windows.mapValues(\.committable).filter { committed[$0.key] != $0.value }
        assert(moved.allSatisfy { committed[$0.key] ?? 0 <= $0.value }, "a committed offset moves back")
        committed.merge(moved) { $1 }
        return moved
    }

    /// Whether ``takeCommits()`` would return an offset.
    var hasCommits: Bool {
        windows.contains { committed[$0.key] != $0.value.committable }
    }

    // MARK: Work

    /// Takes messages over. Messages of partitions that are not assigned, and messages that came before, are ignored.
    mutating func received(_ messages: [ConsumedMessage]) {
        for message in messages {
            guard windows[message.partition]?.add(message.offset) == true else { continue }
            if let orderID = message.orderID, message.concernsPayments {
                let reason = Reason.message(
                    partition: message.partition, offset: message.offset, assignment: assignment)
                // Only the first message of an order tells what it is now, as far as is known.
                add(orderID, reason, orders[ExactText(orderID)] == nil ? message.placedOrder : nil)
            } else {
                windows[message.partition]?.finish(message.offset)
            }
        }
    }

    /// The order is to be worked on for this reason.
    mutating func add(_ orderID: String, _ reason: Reason, _ known: KnownOrder? = nil) {
        if reason == .recoveryPass { ordersOfPass += 1 }
        let key = ExactText(orderID)
        guard var work = orders[key] else {
            orders[key] = Work(reasons: [reason], known: known)
            queue.append(key)
            if orders.count >= PaymentsLimits.queuedOrders { isFull = true }
            return
        }
        if work.isRunning { work.later.append(reason) } else { work.reasons.append(reason) }
        // Something else happened to the order.
        work.known = nil
        orders[key] = work
    }

    /// The next orders to work on, at most `most`.
    mutating func take(_ most: Int) -> [Job] {
        var jobs: [Job] = []
        while jobs.count < most, let key = dequeue() {
            jobs.append(Job(orderID: key.text, known: orders[key]?.known))
            orders[key]?.isRunning = true
            orders[key]?.known = nil
            runningOrders += 1
        }
        return jobs
    }

    /// The task on this order ended: its reasons are settled.
    mutating func finished(_ orderID: String) {
        let key = ExactText(orderID)
        guard let work = orders.removeValue(forKey: key), work.isRunning else { return }
        runningOrders -= 1
        for reason in work.reasons { settle(reason) }
        if !work.later.isEmpty {
            orders[key] = Work(reasons: work.later)
            queue.append(key)
        }
        if orders.count <= PaymentsLimits.queuedOrdersToReadOn { isFull = false }
    }

    private mutating func settle(_ reason: Reason) {
        switch reason {
        case .message(let partition, let offset, assignment): windows[partition]?.finish(offset)
        case .message, .retry: break
        case .recoveryPass: ordersOfPass -= 1
        }
    }

    private mutating func dequeue() -> ExactText? {
        while queueFront < queue.count {
            let key = queue[queueFront]
            queueFront += 1
            if queueFront * 2 > queue.count {
                queue.removeFirst(queueFront)
                queueFront = 0
            }
            // An order that only messages of an earlier assignment asked for has been dropped.
            if let work = orders[key], !work.isRunning { return key }
        }
        return nil
    }

    /// The messages belong to other members now, which read them again.
    private mutating func dropQueuedMessages() {
        for (key, work) in orders {
            var work = work
            work.later.removeAll { $0.isMessage }
            if !work.isRunning { work.reasons.removeAll { $0.isMessage } }
            orders[key] = work.isRunning || !work.reasons.isEmpty ? work : nil
        }
        if orders.count <= PaymentsLimits.queuedOrdersToReadOn { isFull = false }
    }
}

extension PaymentsMachine.Reason {
    fileprivate var isMessage: Bool { if case .message = self { true } else { false } }
}

extension ConsumedMessage {
    /// A placed order is to be paid; for a cancelled one the gateway may have to give money back. The other events are
    /// answers to these.
    fileprivate var concernsPayments: Bool {
        eventType == EventType.placed.rawValue || eventType == EventType.cancelled.rawValue
    }

    /// The order as this message tells it, if the message is that of an order's first event; nil if a part is missing
    /// or contradicts another one. Any process that may insert into the outbox can write to the topic: that the event
    /// store has this event, and with this identifier, is checked when the next event is appended.
    fileprivate var placedOrder: KnownOrder? {
        guard eventType == EventType.placed.rawValue, sequenceNumber == 0, let orderID, let eventID,
            let told = try? EventCodec.read(EventType.placed.rawValue, Array(payload)), let time = told.occurredAt,
            ExactText(told.orderID) == ExactText(orderID)
        else { return nil }
        return KnownOrder(
            first: StoredEvent(
                orderID: orderID, sequenceNumber: 0, eventID: eventID, event: told.event, createdAt: time))
    }
}
