import Orders
import Postgres
import Values

/// What the commands of one batch make happen: decided in memory, one after the other, before anything is written.
///
/// No I/O inside. The worker loads the histories, makes the plan, appends its ``blocks``, and tells the plan which of
/// them were appended; the plan says what that means for each command. Two commands for one order behave as if they
/// came one after the other: the second sees the first one's events, and shares its fate.
struct BatchPlan {
    /// What comes of a command.
    enum Resolution {
        case answer(Result<CommandOutcome, EventStoreError>)
        /// It was decided on a history that has changed: decide again.
        case decideAgain
    }

    private enum Step {
        /// True whatever happens to the batch.
        case settled(Result<CommandOutcome, EventStoreError>)
        /// True only if the block is appended.
        case depends(block: Int, Result<CommandOutcome, EventStoreError>)
    }

    private struct Stream {
        var head: StreamHead
        var block: Int?
    }

    private var steps: [Step] = []
    private var streams: [ExactText: Stream] = [:]
    private var plannedBlocks: [PlannedBlock] = []
    private var writeOrder: [Int] = []
    private let now: Int64

    /// - Parameters:
    ///   - heads: of every order that is not new.
    ///   - keys: the answers remembered for the keys that had to be looked up.
    ///   - now: microseconds since 1970.
    init(_ requests: [CommandRequest], heads: StreamLoader.Heads, keys: [ExactText: KeyRecord], now: Int64) {
        self.now = now
        steps.reserveCapacity(requests.count)
        plannedBlocks.reserveCapacity(requests.count)
        for request in requests { steps.append(plan(request, heads, keys)) }
        writeOrder = plannedBlocks.indices.sorted { plannedBlocks[$0].orderID < plannedBlocks[$1].orderID }
    }

    /// What to append, in the order of writing: ascending order identifiers, the same in every process, so that two
    /// batches never wait for each other.
    var blocks: [PlannedBlock] { writeOrder.map { plannedBlocks[$0] } }

    /// What comes of each command, in the order of the requests.
    ///
    /// - Parameter appended: for each of ``blocks`` whether it was appended.
    func resolve(_ appended: [Bool]) -> [Resolution] {
        var isAppended = [Bool](repeating: false, count: plannedBlocks.count)
        for (position, block) in writeOrder.enumerated() { isAppended[block] = appended[position] }
        return steps.map { step in
            switch step {
            case .settled(let result): .answer(result)
            case .depends(let block, let result): isAppended[block] ? .answer(result) : .decideAgain
            }
        }
    }

    /// The heads of the existing orders whose blocks were appended.
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
            return .settled(record.answer(to: key))
        }
        if request.isNewOrder { return planNewOrder(request) }
        var stream: Stream
        if let known = streams[request.orderID] {
            stream = known
        } else {
            switch heads[request.orderID] {
            case .success(let head): stream = Stream(head: head)
            case .failure(let error): return .settled(.failure(error))
            case nil: return .settled(.failure(.internal("the history of an order was not loaded")))
            }
        }
        let result = decideAndAppend(request, &stream)
        streams[request.orderID] = stream
        return stream.block.map { .depends(block: $0, result) } ?? .settled(result)
    }

    private mutating func planNewOrder(_ request: CommandRequest) -> Step {
        var stream = Stream(head: .empty)
        let result = decideAndAppend(request, &stream)
        return stream.block.map { .depends(block: $0, result) } ?? .settled(result)
    }

    private mutating func decideAndAppend(
        _ request: CommandRequest, _ stream: inout Stream
    ) -> Result<CommandOutcome, EventStoreError> {
        let decision = decide(request.command, stream.head.state)
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
        // Clocks of two servers differ; within one history time never runs backwards.
        let time = max(now, stream.head.updatedAt)
        var head = stream.head
        var planned: [PlannedEvent] = []
        for event in events {
            do throws(EventStoreError) {
                let (type, bytes) = try EventCodec.encode(event, orderID: request.orderID.text, at: time)
                let id = UUIDBytes.v7()
                planned.append(
                    PlannedEvent(
                        id: id, sequenceNumber: head.version, type: type, bytes: bytes, time: time,
                        traceparent: request.options.traceparent.flatMap(TraceContext.wellFormed)))
                head.append(event, id: id, at: time)
            } catch {
                return .failure(error)
            }
        }
        guard let last = planned.last else { return .failure(.internal("a decision without events")) }
        let block = stream.block ?? plannedBlocks.count
        if stream.block == nil { plannedBlocks.append(PlannedBlock(orderID: request.orderID)) }
        plannedBlocks[block].events += planned
        if let key = request.options.idempotencyKey {
            plannedBlocks[block].keys.append(
                PlannedKey(key: key, eventID: last.id, sequenceNumber: last.sequenceNumber))
        }
        stream = Stream(head: head, block: block)
        return .success(CommandOutcome(orderID: request.orderID.text, version: head.version, replayed: false))
    }
}
