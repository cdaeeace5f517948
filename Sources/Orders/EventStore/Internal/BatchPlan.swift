import Orders
import Postgres
import Sabotage
import Values

/// The decisions on the commands of one batch, made in memory before anything is written.
///
/// A value without I/O. The worker loads the histories, makes the plan, appends its ``blocks`` and passes the result to
/// ``resolve(_:)``, which returns the answer to each command. Two commands for one order are decided one after the
/// other: the second one sees the events of the first, and both are appended or neither.
struct BatchPlan {
    /// The result for one command.
    enum Resolution {
        /// The head is that after the decision, for a reply that wants it.
        case answer(Result<CommandOutcome, EventStoreError>, DecidedHead?)
        /// The command was decided on a history that has changed since: it must be decided again.
        case decideAgain
    }

    /// The result of a decision, and the head after it for a reply that wants it.
    private typealias Decision = (result: Result<CommandOutcome, EventStoreError>, head: DecidedHead?)

    private enum Step {
        /// The answer does not depend on the append.
        case settled(Decision)
        /// The answer holds only if the block is appended.
        case depends(block: Int, Decision)
        /// A rejection of what the caller knew of the order: only a loaded history may reject.
        case unfounded
    }

    private struct Stream {
        /// After the events that are planned.
        var head: StreamHead
        /// The index of the order's block in `plannedBlocks`; nil while no event is planned.
        var block: Int?
        /// Whether the head was not loaded and not appended to: it is what a caller knew.
        var isUnverified = false
    }

    private var steps: [Step] = []
    private var streams: [ExactText: Stream] = [:]
    private var plannedBlocks: [PlannedBlock] = []
    /// The indices of `plannedBlocks`, in the order of ``blocks``.
    private var writeOrder: [Int] = []
    private let now: Int64

    /// - Parameters:
    ///   - heads: the histories' ends, of every order that is not new.
    ///   - keys: the stored answers for the keys that were looked up.
    ///   - now: microseconds since 1970.
    init(_ requests: [CommandRequest], heads: StreamLoader.Heads, keys: [ExactText: KeyRecord], now: Int64) {
        self.now = now
        steps.reserveCapacity(requests.count)
        plannedBlocks.reserveCapacity(requests.count)
        for request in requests { steps.append(plan(request, heads, keys)) }
        writeOrder = plannedBlocks.indices.sorted { plannedBlocks[$0].orderID < plannedBlocks[$1].orderID }
        assert(plannedBlocks.allSatisfy(\.isGapless), "the sequence numbers of an order have no gaps")
        assert(
            Set(plannedBlocks.flatMap { $0.events.map(\.id) }).count
                == plannedBlocks.reduce(0) { $0 + $1.events.count },
            "every event has an identifier of its own")
    }

    /// The events to append, in ascending order of the order identifiers. Every process writes in that order, so that
    /// two transactions never wait for each other.
    var blocks: [PlannedBlock] { writeOrder.map { plannedBlocks[$0] } }

    /// The result for each command, in the order of the requests.
    ///
    /// - Parameter appended: for each of ``blocks`` whether it was appended.
    func resolve(_ appended: [Bool]) -> [Resolution] {
        precondition(appended.count == writeOrder.count, "the append reports every block")
        var isAppended = [Bool](repeating: false, count: plannedBlocks.count)
        for (position, block) in writeOrder.enumerated() { isAppended[block] = appended[position] }
        return steps.map { step in
            switch step {
            case .settled(let decision): .answer(decision.result, decision.head)
            case .depends(let block, let decision):
                isAppended[block] ? .answer(decision.result, decision.head) : .decideAgain
            case .unfounded: .decideAgain
            }
        }
    }

    /// The heads, after the append, of the existing orders whose blocks were appended.
    ///
    /// - Parameter appended: for each of ``blocks`` whether it was appended.
    func appendedHeads(_ appended: [Bool]) -> [(order: ExactText, head: StreamHead)] {
        zip(writeOrder, appended).compactMap { block, isAppended in
            let order = plannedBlocks[block].orderID
            guard isAppended, let head = streams[order]?.head else { return nil }
            return (order, head)
        }
    }

    // MARK: - Deciding

    private mutating func plan(
        _ request: CommandRequest, _ heads: StreamLoader.Heads, _ keys: [ExactText: KeyRecord]
    ) -> Step {
        if let key = request.options.idempotencyKey, let record = keys[ExactText(key.key)] {
            return .settled((record.answer(to: key), nil))
        }
        if request.isNewOrder { return planNewOrder(request) }
        var stream: Stream
        if let known = streams[request.orderID] {
            stream = known
        } else {
            switch heads[request.orderID] {
            case .success(let head): stream = Stream(head: head)
            case .failure(let error): return .settled((.failure(error), nil))
            case nil:
                guard let head = request.knownHead else {
                    return .settled((.failure(.internal("the history of an order was not loaded")), nil))
                }
                stream = Stream(head: head, isUnverified: true)
            }
        }
        let result = decideAndAppend(request, &stream)
        if stream.block == nil, stream.isUnverified { return .unfounded }
        streams[request.orderID] = stream
        let decision = (result, request.reply.wantsHead ? DecidedHead(stream.head) : nil)
        return stream.block.map { .depends(block: $0, decision) } ?? .settled(decision)
    }

    private mutating func planNewOrder(_ request: CommandRequest) -> Step {
        var stream = Stream(head: .empty)
        let decision = (decideAndAppend(request, &stream), request.reply.wantsHead ? DecidedHead(stream.head) : nil)
        return stream.block.map { .depends(block: $0, decision) } ?? .settled(decision)
    }

    private mutating func decideAndAppend(
        _ request: CommandRequest, _ stream: inout Stream
    ) -> Result<CommandOutcome, EventStoreError> {
        var state = stream.head.state
        if Mutant.cancelledIsPaid.isOn, request.command == .recordPayment { state?.shippingStatus = .waitingForPayment }
        let decision = decide(request.command, state)
        if case .failure(let rejection) = decision, rejection.reason == .orderNotFound {
            return .failure(.notFound(orderID: request.orderID.text))
        }
        if let expected = request.options.missed(at: stream.head.version) {
            return .failure(.conflict(expected: expected, actual: stream.head.version))
        }
        switch decision {
        case .failure(let rejection): return .failure(.rejected(rejection))
        case .success(let events): return append(events, of: request, to: &stream)
        }
    }

    private mutating func append(
        _ events: [OrderEvent], of request: CommandRequest, to stream: inout Stream
    ) -> Result<CommandOutcome, EventStoreError> {
        // The clocks of two servers differ, but within one history the time never decreases.
        let time = max(now, stream.head.updatedAt)
        let traceparent = request.options.traceparent.flatMap(TraceContext.wellFormed)
        var planned: [PlannedEvent] = []
        planned.reserveCapacity(events.count)
        let next = stream.head.version + (Self.isSkipped(events, stream) ? 1 : 0)
        for event in events {
            do throws(EventStoreError) {
                let (type, bytes) = try EventCodec.encode(event, orderID: request.orderID.text, at: time)
                planned.append(
                    PlannedEvent(
                        id: UUIDBytes.v7(), sequenceNumber: next + Int64(planned.count), type: type,
                        bytes: bytes, time: time, traceparent: traceparent))
            } catch {
                return .failure(error)
            }
        }
        guard let last = planned.last else { return .failure(.internal("a decision without events")) }
        let block: Int
        if let known = stream.block {
            block = known
            plannedBlocks[block].events += planned
        } else {
            block = plannedBlocks.count
            plannedBlocks.append(
                PlannedBlock(orderID: request.orderID, previousEventID: stream.head.lastEventID, events: planned))
        }
        stream.block = block
        if let key = request.options.idempotencyKey {
            plannedBlocks[block].keys.append(
                PlannedKey(key: key, eventID: last.id, sequenceNumber: last.sequenceNumber))
        }
        stream.isUnverified = false
        // Nobody looks at the head of an order that is new, unless the caller wants it.
        if !request.isNewOrder || request.reply.wantsHead {
            for (event, planned) in zip(events, planned) { stream.head.append(event, id: planned.id, at: time) }
        }
        return .success(
            CommandOutcome(orderID: request.orderID.text, version: last.sequenceNumber + 1, replayed: false))
    }

    /// For the mutant that leaves a number out: when an order is cancelled that was just placed.
    private static func isSkipped(_ events: [OrderEvent], _ stream: Stream) -> Bool {
        guard Mutant.numberSkipped.isOn, stream.head.version == 1, stream.block == nil else { return false }
        return events.contains { if case .cancelled = $0 { true } else { false } }
    }
}
