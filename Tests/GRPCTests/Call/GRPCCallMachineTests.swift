import Testing

@testable import GRPC

/// Conversations with the machine: the events of one call, and the actions that it asks for.
@Suite struct GRPCCallMachineTests {
    private typealias Frame = GRPCDeframer.Frame
    private let first = Frame(isCompressed: false, range: 5..<9)
    private let second = Frame(isCompressed: true, range: 14..<20)

    private func unary() -> GRPCCallMachine { GRPCCallMachine(.one, queueLimitBytes: 100) }
    private func streaming() -> GRPCCallMachine { GRPCCallMachine(.many, queueLimitBytes: 100) }

    // MARK: - One request message

    @Test func aUnaryCallStartsAtTheEndOfItsRequestAndEndsWithItsResponse() {
        var machine = unary()
        #expect(machine.received(first) == .none)
        #expect(machine.receivedBytes(9, queuedBytes: 0) == .none)
        #expect(machine.receivedEnd(pendingBytes: 0) == .start(first))
        #expect(machine.isOpen)
        #expect(machine.finish() == .finish(.due))
        #expect(!machine.isOpen)
        #expect(machine.closed() == .none)
    }

    @Test func aLargeRequestIsGrantedMoreAndASmallOneIsNot() {
        var machine = unary()
        let half = GRPCCallMachine.smallestGrantBytes / 2
        #expect(machine.receivedBytes(half, queuedBytes: 0) == .none)
        #expect(machine.receivedBytes(half, queuedBytes: 0) == .grant(2 * half))
        #expect(machine.receivedBytes(half, queuedBytes: 0) == .none)
    }

    @Test func aSecondMessageIsRejected() {
        var machine = unary()
        #expect(machine.received(first) == .none)
        #expect(machine.received(second) == .reject(.secondMessage, .due))
        #expect(machine.received(second) == .none)
        #expect(machine.receivedEnd(pendingBytes: 0) == .none)
    }

    @Test func aRequestWithoutAMessageIsRejected() {
        var machine = unary()
        #expect(machine.receivedEnd(pendingBytes: 0) == .reject(.noMessage, .due))
        #expect(machine.finish() == .none)
    }

    @Test func aRequestThatEndsInsideAMessageIsRejected() {
        var machine = unary()
        #expect(machine.receivedEnd(pendingBytes: 3) == .reject(.truncatedMessage, .due))
        var other = streaming()
        #expect(other.send() == .send(.due))
        #expect(other.receivedEnd(pendingBytes: 3) == .reject(.truncatedMessage, .sent))
    }

    @Test func aServerStreamsAfterOneMessage() {
        var machine = unary()
        #expect(machine.received(first) == .none)
        #expect(machine.receivedEnd(pendingBytes: 0) == .start(first))
        #expect(machine.send() == .send(.due))
        #expect(machine.send() == .send(.sent))
        #expect(machine.finish() == .finish(.sent))
    }

    // MARK: - Many request messages

    @Test func aStreamingHandlerGetsMessagesAsTheyCome() {
        var machine = streaming()
        #expect(machine.received(first) == .deliver(first))
        #expect(machine.send() == .send(.due))
        #expect(machine.received(second) == .deliver(second))
        #expect(machine.receivedEnd(pendingBytes: 0) == .endRequests)
        #expect(machine.send() == .send(.sent))
        #expect(machine.finish() == .finish(.sent))
    }

    @Test func aHandlerMayFinishBeforeItsRequest() {
        var machine = streaming()
        #expect(machine.finish() == .finish(.due))
        #expect(machine.received(first) == .none)
        #expect(machine.receivedBytes(50, queuedBytes: 0) == .grant(50))
        #expect(machine.receivedEnd(pendingBytes: 0) == .none)
    }

    @Test func aSlowHandlerStopsTheClientUntilItTakesMessages() {
        var machine = streaming()
        #expect(machine.receivedBytes(60, queuedBytes: 60) == .grant(60))
        #expect(machine.receivedBytes(60, queuedBytes: 120) == .none)
        #expect(machine.owesGrant)
        #expect(machine.receivedBytes(7, queuedBytes: 127) == .none)
        #expect(machine.tookMessage(queuedBytes: 101) == .none)
        #expect(machine.tookMessage(queuedBytes: 100) == .grant(67))
        #expect(!machine.owesGrant)
        #expect(machine.tookMessage(queuedBytes: 0) == .none)
    }

    // MARK: - Ends

    @Test func aFailureTakesTheHeaderBlockWithItUnlessThatWasSent() {
        var early = unary()
        #expect(early.fail() == .fail(.due))
        var late = streaming()
        #expect(late.send() == .send(.due))
        #expect(late.fail() == .fail(.sent))
    }

    @Test func aClosedStreamAbandonsTheCall() {
        var machine = streaming()
        #expect(machine.receivedBytes(60, queuedBytes: 120) == .none)
        #expect(machine.closed() == .abandon)
        #expect(!machine.owesGrant)
        #expect(machine.tookMessage(queuedBytes: 0) == .none)
        #expect(machine.closed() == .none)
    }

    @Test func whatComesAfterTheEndHasNoEffect() {
        var machine = unary()
        #expect(machine.received(first) == .none)
        #expect(machine.receivedEnd(pendingBytes: 0) == .start(first))
        // The deadline passes; then the handler has a result after all.
        #expect(machine.fail() == .fail(.due))
        #expect(machine.send() == .none)
        #expect(machine.finish() == .none)
        #expect(machine.fail() == .none)
        #expect(machine.closed() == .none)
    }

    @Test func violationsHaveTheStatusOfTheProtocol() {
        #expect(GRPCCallMachine.Violation.noMessage.error.code == .unimplemented)
        #expect(GRPCCallMachine.Violation.secondMessage.error.code == .unimplemented)
        #expect(GRPCCallMachine.Violation.truncatedMessage.error.code == .internal)
    }
}
