import Orders
import Postgres
import Testing
import Values

@testable import EventStore

/// A batch as a conversation: histories in, blocks out, the result of the append in, answers out.
struct BatchPlanTests {
    private func request(
        _ command: OrderCommand, on order: String, isNew: Bool = false, expectedVersion: Int64? = nil,
        allowedVersions: [Int64]? = nil, key: String? = nil
    ) -> CommandRequest {
        let idempotencyKey = key.map { IdempotencyKey($0, requestHash: [1]) }
        return CommandRequest(
            command: command, orderID: ExactText(order), isNewOrder: isNew,
            options: CommandOptions(
                expectedVersion: expectedVersion, allowedVersions: allowedVersions, idempotencyKey: idempotencyKey),
            reply: .alone(Reply()))
    }

    private func head(_ events: [OrderEvent]) -> Result<StreamHead, EventStoreError> {
        var head = StreamHead.empty
        for event in events { head.append(event, id: .v7(), at: 1_000) }
        return .success(head)
    }

    private func texts(_ resolutions: [BatchPlan.Resolution]) -> [String] {
        resolutions.map { resolution in
            switch resolution {
            case .answer(.success(let outcome), _):
                outcome.replayed ? "replayed \(outcome.version)" : "version \(outcome.version)"
            case .answer(.failure(let error), _): "\(error)"
            case .decideAgain: "again"
            }
        }
    }

    @Test func newOrdersNeedNoHistory() {
        let requests = ["b", "a", "c"].map { request(.place(Fixture.details), on: $0, isNew: true) }
        let plan = BatchPlan(requests, heads: [:], keys: [:], now: 5)
        #expect(plan.blocks.map(\.orderID.text) == ["a", "b", "c"])
        #expect(plan.blocks.allSatisfy { $0.events.map(\.sequenceNumber) == [0] && $0.events.map(\.type) == [.placed] })
        // The results are in the order of the blocks, the answers in the order of the requests.
        #expect(texts(plan.resolve([false, true, true])) == ["version 1", "again", "version 1"])
    }

    @Test func theSecondCommandSeesTheFirstOnesEvents() {
        let requests = [
            request(.initiatePayment, on: "a"), request(.recordPayment, on: "a"), request(.recordPayment, on: "a"),
        ]
        let plan = BatchPlan(requests, heads: [ExactText("a"): head([.placed(Fixture.details)])], keys: [:], now: 5)
        #expect(plan.blocks.count == 1)
        #expect(plan.blocks.first?.events.map(\.sequenceNumber) == [1, 2])
        #expect(texts(plan.resolve([true])) == ["version 2", "version 3", "the order is already paid"])
        // The refusal was decided on events that were not appended.
        #expect(texts(plan.resolve([false])) == ["again", "again", "again"])
    }

    @Test func aRefusalOnTheLoadedHistoryIsTrueWhateverHappensToTheBatch() {
        let requests = [request(.recordPayment, on: "a"), request(.initiatePayment, on: "a")]
        let plan = BatchPlan(requests, heads: [ExactText("a"): head([.placed(Fixture.details)])], keys: [:], now: 5)
        #expect(texts(plan.resolve([false])) == ["the payment of this order has not been initiated", "again"])
    }

    @Test func expectedVersionsAreThoseTheCommandSees() {
        let requests = [
            request(.initiatePayment, on: "a", expectedVersion: 1),
            request(.recordPayment, on: "a", expectedVersion: 1),
            request(.recordPayment, on: "a", expectedVersion: 2),
        ]
        let plan = BatchPlan(requests, heads: [ExactText("a"): head([.placed(Fixture.details)])], keys: [:], now: 5)
        let stale = "\(EventStoreError.conflict(expected: 1, actual: 2))"
        #expect(texts(plan.resolve([true])) == ["version 2", stale, "version 3"])
    }

    @Test func oneOfTheAllowedVersionsWillDo() {
        let requests = [
            request(.initiatePayment, on: "a", allowedVersions: [2, 1]),
            request(.recordPayment, on: "a", allowedVersions: [1, 3]),
            request(.recordPayment, on: "a", allowedVersions: []),
            request(.recordPayment, on: "a", expectedVersion: 3, allowedVersions: [2]),
            request(.recordPayment, on: "nobody", allowedVersions: []),
            request(.recordPayment, on: "a", allowedVersions: [2]),
        ]
        let heads = [ExactText("a"): head([.placed(Fixture.details)]), ExactText("nobody"): head([])]
        let plan = BatchPlan(requests, heads: heads, keys: [:], now: 5)
        let refusals = [Int64(1), 0, 3].map { "\(EventStoreError.conflict(expected: $0, actual: 2))" }
        let missing = "\(EventStoreError.notFound(orderID: "nobody"))"
        #expect(texts(plan.resolve([true])) == ["version 2"] + refusals + [missing, "version 3"])
    }

    @Test func aRememberedAnswerIsGivenBeforeDeciding() {
        let record = KeyRecord(requestHash: [1], orderID: "a", version: 4)
        let other = KeyRecord(requestHash: [2], orderID: "a", version: 4)
        let requests = [
            request(.cancel(reason: "x"), on: "a", expectedVersion: 3, allowedVersions: [3, 5], key: "k"),
            request(.cancel(reason: "x"), on: "a", key: "o"),
        ]
        let plan = BatchPlan(
            requests, heads: [ExactText("a"): head([.placed(Fixture.details)])],
            keys: [ExactText("k"): record, ExactText("o"): other], now: 5)
        #expect(plan.blocks.isEmpty)
        #expect(texts(plan.resolve([])) == ["replayed 4", "\(EventStoreError.idempotencyMismatch)"])
    }

    @Test func aKeyBelongsToItsCommandsLastEvent() {
        let requests = [request(.initiatePayment, on: "a"), request(.recordPayment, on: "a", key: "k")]
        let plan = BatchPlan(requests, heads: [ExactText("a"): head([.placed(Fixture.details)])], keys: [:], now: 5)
        let block = plan.blocks.first
        #expect(block?.keys.map(\.sequenceNumber) == [2])
        #expect(block?.keys.first?.eventID == block?.events.last?.id)
    }

    @Test func timeNeverRunsBackwardsWithinAHistory() {
        let plan = BatchPlan(
            [request(.cancel(reason: "x"), on: "a")], heads: [ExactText("a"): head([.placed(Fixture.details)])],
            keys: [:], now: 5)
        #expect(plan.blocks.first?.events.map(\.time) == [1_000])
    }

    @Test func anOrderThatCannotBeReadFailsAlone() {
        let heads: StreamLoader.Heads = [
            ExactText("a"): .failure(.internal("unreadable")), ExactText("b"): head([.placed(Fixture.details)]),
        ]
        let requests = [request(.cancel(reason: "x"), on: "a"), request(.cancel(reason: "x"), on: "b")]
        let plan = BatchPlan(requests, heads: heads, keys: [:], now: 5)
        #expect(texts(plan.resolve([true])) == ["internal error", "version 2"])
    }
}
