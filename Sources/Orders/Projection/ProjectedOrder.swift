import Orders

/// One row of `order_projection`: an order as its events up to ``lastSequenceNumber`` tell it.
struct ProjectedOrder: Hashable, Sendable {
    var orderID: String
    /// The sequence number of the last event that it contains.
    var lastSequenceNumber: Int64
    var state: OrderState
    /// When the first event was recorded, in microseconds since 1970.
    var createdAt: Int64
    /// When the last event was recorded, in microseconds since 1970.
    var updatedAt: Int64
}

extension ProjectedOrder {
    /// The row after the next event; a nil row is an order of which no event is known yet. Returns nil if the event
    /// cannot be the next one.
    static func after(_ row: ProjectedOrder?, _ event: ReadableEvent) -> ProjectedOrder? {
        guard event.sequenceNumber == (row?.lastSequenceNumber ?? -1) + 1, let state = evolve(row?.state, event.event)
        else {
            return nil
        }
        return ProjectedOrder(
            orderID: event.orderID, lastSequenceNumber: event.sequenceNumber, state: state,
            createdAt: row?.createdAt ?? event.occurredAt, updatedAt: event.occurredAt)
    }
}

// MARK: - Status numbers

// The columns use the numbers of orders.v1.PaymentStatus and orders.v1.ShippingStatus.

extension PaymentStatus {
    /// Nil for a number that is none of them.
    init?(projected number: Int32) {
        switch number {
        case 1: self = .pending
        case 2: self = .initiated
        case 3: self = .paid
        case 4: self = .failed
        default: return nil
        }
    }

    var projected: Int32 {
        switch self {
        case .pending: 1
        case .initiated: 2
        case .paid: 3
        case .failed: 4
        }
    }
}

extension ShippingStatus {
    /// Nil for a number that is none of them.
    init?(projected number: Int32) {
        switch number {
        case 1: self = .waitingForPayment
        case 2: self = .waitingForShipment
        case 3: self = .inTransit
        case 4: self = .delivered
        case 5: self = .cancelled
        default: return nil
        }
    }

    var projected: Int32 {
        switch self {
        case .waitingForPayment: 1
        case .waitingForShipment: 2
        case .inTransit: 3
        case .delivered: 4
        case .cancelled: 5
        }
    }
}
