import Orders
import Synchronization

@testable import Payments

/// A gateway that remembers, holds its answers back, or fails, as a test wants.
final class ScriptedGateway: PaymentGateway {
    private struct State {
        var charged: [String: Int] = [:]
        var amounts: [String: [Money]] = [:]
        var voided: [String: Int] = [:]
        var isHolding = false
        var held: [CheckedContinuation<Void, Never>] = []
        var failures: Int = 0
        var arrivals: [(calls: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    struct Away: Error {}

    private let state = Mutex(State())

    func charge(_ request: PaymentRequest) async throws -> PaymentOutcome {
        let (arrivals, isHolding, fails) = state.withLock { state in
            state.charged[request.orderID, default: 0] += 1
            state.amounts[request.orderID, default: []].append(request.amount)
            let fails = state.failures > 0
            if fails { state.failures -= 1 }
            let calls = state.charged.count
            defer { state.arrivals.removeAll { $0.calls <= calls } }
            return (state.arrivals.filter { $0.calls <= calls }, state.isHolding, fails)
        }
        for arrival in arrivals { arrival.continuation.resume() }
        if isHolding {
            await withCheckedContinuation { continuation in
                let isHolding = state.withLock { state in
                    if state.isHolding { state.held.append(continuation) }
                    return state.isHolding
                }
                if !isHolding { continuation.resume() }
            }
        }
        if fails { throw Away() }
        return try await SimulatedGateway().charge(request)
    }

    func void(orderID: String) async throws {
        state.withLock { $0.voided[orderID, default: 0] += 1 }
    }

    /// Lets no answer out from now on.
    func hold() { state.withLock { $0.isHolding = true } }

    func release() {
        let held = state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func fail(times: Int) { state.withLock { $0.failures = times } }

    /// Returns when charges of so many orders have arrived.
    func untilCharged(_ orders: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                let isDone = state.charged.count >= orders
                if !isDone { state.arrivals.append((orders, continuation)) }
                return isDone
            }
            if isDone { continuation.resume() }
        }
    }

    func amounts(_ orderID: String) -> [Money] { state.withLock { $0.amounts[orderID] ?? [] } }
    func charges(_ orderID: String) -> Int { state.withLock { $0.charged[orderID] ?? 0 } }
    func voids(_ orderID: String) -> Int { state.withLock { $0.voided[orderID] ?? 0 } }
}
