import EventStore
import Orders

/// Brings the payment of one order to an end, from wherever it is.
struct PaymentProcess: Sendable {
    let orders: any OrderCommands
    let gateway: any PaymentGateway
    let configuration: PaymentsConfiguration

    /// Never throws: what cannot be done now is the answer.
    func settle(_ orderID: String) async -> PaymentEnd {
        var failures = 0
        // An honest order needs two steps; more means that others keep changing it.
        for _ in 0..<PaymentsLimits.stepsPerOrder {
            do {
                switch PaymentStep(orderID, try await orders.state(of: orderID)) {
                case .nothing: return .nothingToDo
                case .initiate: try await orders.execute(.initiatePayment, on: orderID)
                case .charge(let request): return try await charge(request)
                case .void:
                    try await gateway.void(orderID: orderID)
                    return .voided
                }
            } catch let error as EventStoreError where error.isAboutTheOrder {
                // It changed meanwhile (cancelled, or paid by another member): its new state tells what to do.
                continue
            } catch let error as EventStoreError where error.isHopeless {
                return .failed("\(error)")
            } catch {
                failures += 1
                guard failures < configuration.attemptsPerOrder, await pause(failures) else {
                    return .failed("\(error)")
                }
            }
        }
        return .failed("the order kept changing")
    }

    private func charge(_ request: PaymentRequest) async throws -> PaymentEnd {
        switch try await gateway.charge(request) {
        case .approved:
            try await orders.execute(.recordPayment, on: request.orderID)
            return .paid
        case .declined(let reason):
            try await orders.execute(.recordPaymentFailure(reason: recordable(reason)), on: request.orderID)
            return .declined
        }
    }

    /// Returns false when there is no time left: the process is stopping.
    private func pause(_ failures: Int) async -> Bool {
        let milliseconds = min(
            PaymentsLimits.maximumRetryMilliseconds, PaymentsLimits.minimumRetryMilliseconds << min(failures - 1, 16))
        return (try? await ContinuousClock().sleep(for: .milliseconds(milliseconds))) != nil
    }
}

/// A gateway's words as the event store takes them.
private func recordable(_ reason: String) -> String {
    var scalars = String.UnicodeScalarView(
        reason.unicodeScalars.lazy.filter { $0 != "\0" }.prefix(OrderLimits.maximumReasonCharacters))
    if scalars.isEmpty { scalars.append(contentsOf: "declined without a reason".unicodeScalars) }
    return String(scalars)
}

/// How the work on one order ended.
enum PaymentEnd: Hashable, Sendable {
    /// Settled before, or not an order.
    case nothingToDo
    case paid
    case declined
    /// Cancelled: what the gateway took went back.
    case voided
    /// Not settled; to be tried again later.
    case failed(String)
}

extension EventStoreError {
    /// The command does not fit the order's state any more.
    fileprivate var isAboutTheOrder: Bool {
        switch self {
        case .rejected, .conflict, .notFound: true
        default: false
        }
    }

    /// Trying again at once is in vain.
    fileprivate var isHopeless: Bool {
        if case .internal = self { true } else { false }
    }
}
