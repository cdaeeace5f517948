import Testing

@testable import HTTP2

/// Conversations with the states of a stream.
@Suite struct StreamStateTests {
    @Test func aRequestIsOverdueOnce() {
        var request = RequestState.headers
        request.setOverdue(at: .seconds(5))
        request.completeHeaders(isEnd: false)
        #expect(request.takeOverdue(now: .seconds(9)) == false)
        request.setOverdue(at: .seconds(10))
        #expect(request.takeOverdue(now: .seconds(9)) == false)
        #expect(request.takeOverdue(now: .seconds(10)) == true)
        #expect(request.takeOverdue(now: .seconds(11)) == false)
    }

    @Test func aCompleteRequestIsNeverOverdue() {
        var request = RequestState.headers
        request.completeHeaders(isEnd: true)
        request.setOverdue(at: .zero)
        #expect(request.takeOverdue(now: .seconds(1)) == false)
        #expect(request.isEndedByPeer)
    }

    @Test func droppedBytesAreCountedUntilTheEnd() {
        var request = RequestState.headers
        request.completeHeaders(isEnd: false)
        #expect(request.discard(10) == 10)
        #expect(request.discard(5) == 15)
        #expect(!request.isEndedByPeer)
        request = .reset
        #expect(request.isEndedByPeer)
    }

    @Test func aHeaderListThatExceededItsLimitStaysSo() {
        var size = HeaderListSize.within(bytes: 0)
        size.add(nameBytes: 4, valueBytes: 4, limit: 80)
        #expect(size == .within(bytes: 40))
        size.add(nameBytes: 4, valueBytes: 4, limit: 80)
        #expect(size == .within(bytes: 80))
        size.add(nameBytes: 0, valueBytes: 0, limit: 80)
        #expect(size == .exceeded)
        size.add(nameBytes: 0, valueBytes: 0, limit: 1_000)
        #expect(size == .exceeded)
    }

    @Test func theReaderWaitsAtAnEmptyBufferAndIsWokenOnce() {
        var buffer = OutboundBuffer()
        buffer.readerWaits()
        buffer.append([1, 2])
        #expect(buffer.wakeReader() == true)
        #expect(buffer.wakeReader() == false)
        #expect(buffer.wakeWriter(below: 10) == false)
    }

    @Test func theWriterWaitsAtAFullBufferUntilItHasDrained() {
        var buffer = OutboundBuffer()
        buffer.append([1, 2, 3])
        #expect(buffer.hasRoom(limit: 4) == true)
        buffer.append([4])
        #expect(buffer.hasRoom(limit: 4) == false)
        #expect(buffer.wakeReader() == false)
        #expect(buffer.wakeWriter(below: 2) == false)
        var target: [UInt8] = [0, 0, 0]
        let taken = target.withUnsafeMutableBufferPointer { target in
            target.baseAddress.map { buffer.read(into: $0, upTo: 3) }
        }
        #expect(taken == 3)
        #expect(target == [1, 2, 3])
        #expect(buffer.wakeWriter(below: 2) == true)
        #expect(buffer.wakeWriter(below: 2) == false)
    }
}
