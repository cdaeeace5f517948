import Synchronization

/// What the clients of a drill were told, and how long they waited.
final class ClientMemory: Sendable {
    struct Content {
        /// The most events that an order was acknowledged with.
        var versions: [String: Int64] = [:]
        /// Orders that were acknowledged as cancelled.
        var cancelled: Set<String> = []
        /// The order of each key; and keys that got more than one.
        var orders: [String: String] = [:]
        var keysWithSeveralOrders = 0
        var acknowledged = 0
        var refused = 0
        var worstWait = Duration.zero
        /// Waits since the last ``ClientMemory/takeWaits()``.
        var waits: [Duration] = []
    }

    private let content = Mutex(Content())

    func placed(_ key: String, _ answer: OrderAnswer, after wait: Duration) {
        content.withLock { content in
            content.acknowledged += 1
            content.worstWait = max(content.worstWait, wait)
            content.waits.append(wait)
            content.versions[answer.orderID] = max(answer.version, content.versions[answer.orderID] ?? 0)
            let known = content.orders.updateValue(answer.orderID, forKey: key)
            if let known, known != answer.orderID { content.keysWithSeveralOrders += 1 }
        }
    }

    func cancelled(_ answer: OrderAnswer) {
        content.withLock { content in
            content.cancelled.insert(answer.orderID)
            content.versions[answer.orderID] = max(answer.version, content.versions[answer.orderID] ?? 0)
        }
    }

    func refused() { content.withLock { $0.refused += 1 } }

    var acknowledged: Int { content.withLock { $0.acknowledged } }
    var all: Content { content.withLock { $0 } }

    func takeWaits() -> [Duration] {
        content.withLock { content in
            defer { content.waits.removeAll(keepingCapacity: true) }
            return content.waits
        }
    }
}
