import Logging
import OrdersProto
import SwiftProtobuf
import Testing

@testable import OrdersAPI

struct IdleWatchersTests {
    /// The number of idle watches.
    private static let watchers = 5_000

    @Test func thousandsOfIdleWatchersReadNothing() async throws {
        let store = MemoryOrderStore()
        let changes = OrderChanges()
        let handlers = OrderHandlers(
            store: store, list: MemoryOrderList(store: store), changes: changes, logger: Logger(label: "test"))
        let placed = try await handlers.placeOrder(
            .with {
                ($0.customerID, $0.vendorID, $0.productID, $0.paymentMethod) = ("c", "v", "p", "m")
                ($0.quantity, $0.totalPrice) = (1, 1)
            }, CallContext())
        let (quiets, continuation) = AsyncStream.makeStream(of: Void.self)
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.watchers {
                group.addTask {
                    try await handlers.watchOrder(.with { ($0.orderID, $0.fromSequence) = (placed.orderID, 0) }) {
                        item in
                        continuation.yield()
                        _ = item
                    }
                }
            }
            // Each watch shows the only event. Then a sign of life reaches each, and none reads the store.
            var shown = quiets.makeAsyncIterator()
            for _ in 0..<Self.watchers { await shown.next() }
            let reads = store.reads
            changes.changed(["another"])
            changes.quiet()
            for _ in 0..<Self.watchers { await shown.next() }
            #expect(store.reads == reads)
            #expect(changes.count == Self.watchers)
            group.cancelAll()
            while let result = await group.nextResult() {
                #expect(throws: (any Error).self) { try result.get() }
            }
        }
        #expect(changes.count == 0)
    }
}
