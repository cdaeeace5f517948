import EventStore
import Orders
import Threads

/// The part of the event store that payments use.
protocol OrderCommands: Sendable {
    func state(of orderID: String) async throws -> OrderState?
    func execute(_ command: OrderCommand, on orderID: String) async throws
}

/// ``OrderCommands`` by the event store.
struct EventStoreCommands: OrderCommands {
    let store: EventStore

    func state(of orderID: String) async throws -> OrderState? {
        try await store.load(orderID)?.state
    }

    func execute(_ command: OrderCommand, on orderID: String) async throws {
        _ = try await store.execute(command, on: orderID, options: CommandOptions())
    }
}

/// Brings the payment of one order to an end, from whatever state the order is in.
struct PaymentProcess: Sendable {
    let orders: any OrderCommands
    let gateway: any PaymentGateway
    /// Failures in a row before the order is left for later.
    let attemptsPerOrder: Int

    /// Never throws: a failure is one of the ends.
    func settle(_ orderID: String) async -> PaymentEnd {
        var pauses = Backoff(first: PaymentsLimits.firstAttemptPause, longest: PaymentsLimits.longestAttemptPause)
        // An order needs two steps; more are needed only while other processes keep changing it.
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
            } catch let error as EventStoreError where error.isPermanent {
                return .failed(cause(error))
            } catch {
                let pause = pauses.failed()
                // A cancelled sleep: the process is stopping and there is no time left.
                guard pauses.failures < attemptsPerOrder, (try? await ContinuousClock().sleep(for: pause)) != nil else {
                    return .failed(cause(error))
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
}

/// Why a payment failed, for the log and `payment_retry`: what a client must not see is what an operator needs.
private func cause(_ error: any Error) -> String {
    (error as? EventStoreError)?.debugDescription ?? "\(error)"
}

/// A gateway's reason, made storable: without NUL, not empty, not too long.
private func recordable(_ reason: String) -> String {
    var scalars = String.UnicodeScalarView(
        reason.unicodeScalars.lazy.filter { $0 != "\0" }.prefix(OrderLimits.maximumReasonCharacters))
    if scalars.isEmpty { scalars.append(contentsOf: "declined without a reason".unicodeScalars) }
    return String(scalars)
}

/// How the work on one order ended.
enum PaymentEnd: Hashable, Sendable {
    /// The order was settled before, or does not exist.
    case nothingToDo
    case paid
    case declined
    /// The order was cancelled: the gateway gave back what it took.
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

    /// Trying again soon leads to the same error.
    fileprivate var isPermanent: Bool {
        if case .internal = self { true } else { false }
    }
}
