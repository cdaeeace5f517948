import Orders

// The numbers of orders.v1.PaymentStatus and ShippingStatus, which the table's columns use.

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
