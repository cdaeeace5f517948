import Postgres
import Values

/// Which orders are worked on, and what may be committed.
///
/// One order is worked on by one task at a time. Whatever asks for it meanwhile is served by one more round afterwards,
/// because the round under way may have looked at the order before. A message is dealt with when the round that serves
/// it has ended.
struct PaymentsMachine {
    /// Who asked for an order.
    enum Ticket: Hashable {
        /// A message, read under an assignment; after the next assignment it belongs to somebody else.
        case message(partition: Int32, offset: Int64, assignment: Int)
        case recoveryPass
        case retry
    }

    private struct Work {
        var tickets: [Ticket]
        var isRunning = false
        /// Tickets that came while the work was running.
        var later: [Ticket] = []
    }

    private let concurrentOrders: Int
    private var orders: [ExactText: Work] = [:]
    private var queue: [ExactText] = []
    private var queueFront = 0
    private(set) var runningOrders = 0
    /// Orders that the recovery pass asked for and that are not dealt with.
    private(set) var ordersOfPass = 0

    private var windows: [Int32: OffsetWindow] = [:]
    private var committed: [Int32: Int64] = [:]
    private var assignment = 0

    init(concurrentOrders: Int) {
        self.concurrentOrders = concurrentOrders
    }

    // MARK: partitions

    /// Reading begins at these offsets; partitions that are not named are not ours any more.
    mutating func assigned(_ positions: [Int32: Int64]) {
        assignment += 1
        windows = positions.mapValues { OffsetWindow(startingAt: $0) }
        committed = positions
        dropQueuedMessages()
    }

    mutating func revoked() {
        assigned([:])
    }

    /// The partition goes on at another offset.
    mutating func restarted(_ partition: Int32, at offset: Int64) {
        guard windows[partition] != nil else { return }
        windows[partition] = OffsetWindow(startingAt: offset)
        committed[partition] = nil
    }

    var partitionCount: Int { windows.count }

    /// What has become committable since the last call.
    mutating func takeCommits() -> [Int32: Int64] {
        let moved = windows.mapValues(\.committable).filter { committed[$0.key] != $0.value }
        committed.merge(moved) { $1 }
        return moved
    }

    var hasCommits: Bool {
        windows.contains { committed[$0.key] != $0.value.committable }
    }

    // MARK: work

    mutating func received(_ messages: [OrderMessage]) {
        for message in messages {
            guard windows[message.partition]?.add(message.offset) == true else { continue }
            if let orderID = message.orderID, message.concernsPayments {
                let ticket = Ticket.message(
                    partition: message.partition, offset: message.offset, assignment: assignment)
                add(orderID, ticket)
            } else {
                windows[message.partition]?.finish(message.offset)
            }
        }
    }

    mutating func add(_ orderID: String, _ ticket: Ticket) {
        if ticket == .recoveryPass { ordersOfPass += 1 }
        let key = ExactText(orderID)
        guard var work = orders[key] else {
            orders[key] = Work(tickets: [ticket])
            queue.append(key)
            return
        }
        if work.isRunning { work.later.append(ticket) } else { work.tickets.append(ticket) }
        orders[key] = work
    }

    /// The next order to work on, if there is one and room for it.
    mutating func takeNext() -> String? {
        guard runningOrders < concurrentOrders, let key = dequeue() else { return nil }
        orders[key]?.isRunning = true
        runningOrders += 1
        return key.text
    }

    mutating func finished(_ orderID: String) {
        let key = ExactText(orderID)
        guard let work = orders.removeValue(forKey: key), work.isRunning else { return }
        runningOrders -= 1
        for ticket in work.tickets { punch(ticket) }
        if !work.later.isEmpty {
            orders[key] = Work(tickets: work.later)
            queue.append(key)
        }
    }

    /// Nothing more should be read for now.
    var isFull: Bool { orders.count >= PaymentsLimits.queuedOrders }

    private mutating func punch(_ ticket: Ticket) {
        switch ticket {
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

    /// The messages belong to somebody else now, who reads them again.
    private mutating func dropQueuedMessages() {
        for (key, work) in orders {
            var work = work
            work.later.removeAll { $0.isMessage }
            if !work.isRunning { work.tickets.removeAll { $0.isMessage } }
            orders[key] = work.isRunning || !work.tickets.isEmpty ? work : nil
        }
    }
}

extension PaymentsMachine.Ticket {
    fileprivate var isMessage: Bool { if case .message = self { true } else { false } }
}

extension OrderMessage {
    /// A placed order is to be paid; of a cancelled one the gateway may have to give something back. The other events
    /// are answers.
    fileprivate var concernsPayments: Bool { eventType == "order_placed" || eventType == "order_cancelled" }
}
