import Synchronization
import Threads

/// Clients that place orders over REST and gRPC, each on a thread of its own, until they are stopped.
///
/// A client asks again with the same key until it is answered; every fifth order is asked for once more after its
/// answer, and every third is cancelled.
final class ClientLoad: Sendable {
    let memory = ClientMemory()
    private let isStopping = Atomic(false)
    private let isPaused = Atomic(false)
    private let running = Atomic(0)
    /// Clients in the middle of an order.
    private let busy = Atomic(0)
    private let wake: WakeDescriptor
    private static let pause = Duration.milliseconds(DrillLimits.clientPauseMilliseconds)

    init(_ stack: DrillStack, _ name: String) throws {
        wake = try WakeDescriptor()
        let (http, grpc) = (stack.httpPort, stack.grpcPort)
        for number in 0..<DrillLimits.clients {
            try start("\(name)-rest-\(number)") { RESTClient(port: http) }
            try start("\(name)-grpc-\(number)") { GRPCClient(port: grpc) }
        }
    }

    private func start(_ name: String, _ make: @escaping @Sendable () -> any OrderClient) throws {
        let thread = try ThreadExecutor(name: "drill-client")
        running.wrappingAdd(1, ordering: .relaxed)
        thread.submit { [self] in
            let client = make()
            var number = 0
            while !isStopping.load(ordering: .acquiring) {
                busy.wrappingAdd(1, ordering: .sequentiallyConsistent)
                if !isPaused.load(ordering: .sequentiallyConsistent) {
                    one(client, "\(name)-\(number)", number)
                    number += 1
                }
                busy.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                Patience.pause(Self.pause)
            }
            running.wrappingSubtract(1, ordering: .releasing)
            wake.wake()
            thread.shutdown()
        }
    }

    private func one(_ client: any OrderClient, _ key: String, _ number: Int) {
        guard let order = place(client, key) else { return }
        if number.isMultiple(of: 5) { _ = place(client, key) }
        guard number.isMultiple(of: 3), let answer = try? client.cancel(order) else { return }
        memory.cancelled(answer)
    }

    /// The order of the key; nil if the load was stopped before an answer.
    private func place(_ client: any OrderClient, _ key: String) -> String? {
        let began = ContinuousClock.now
        while !isStopping.load(ordering: .acquiring) {
            if let answer = try? client.place(key) {
                memory.placed(key, answer, after: .now - began)
                return answer.orderID
            }
            memory.refused()
            Patience.pause(Self.pause)
        }
        return nil
    }

    /// Waits until so many more orders are acknowledged.
    func more(_ count: Int = DrillLimits.ordersAround) throws {
        let wanted = memory.acknowledged + count
        try Patience.until("\(count) more acknowledged orders") { memory.acknowledged >= wanted }
    }

    /// Runs `body` while no client places orders.
    func pausing(_ body: () throws -> Void) throws {
        isPaused.store(true, ordering: .sequentiallyConsistent)
        defer { isPaused.store(false, ordering: .sequentiallyConsistent) }
        try Patience.until("the clients to pause") { busy.load(ordering: .sequentiallyConsistent) == 0 }
        try body()
    }

    /// Ends the clients and waits for them.
    func stop() throws {
        isStopping.store(true, ordering: .releasing)
        let deadline = ContinuousClock.now + .seconds(DrillLimits.stopSeconds)
        while running.load(ordering: .acquiring) > 0 {
            guard .now < deadline else { throw DrillError("the clients do not end") }
            wake.wait(until: deadline)
        }
    }
}
