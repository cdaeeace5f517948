import Testing

@testable import GRPC

@Suite struct GRPCDeframerTests {
    private func append(_ bytes: [UInt8], to deframer: inout GRPCDeframer) {
        bytes.withUnsafeBytes { deframer.append($0) }
    }

    @Test func messagesComeOutHoweverTheBytesAreCut() throws {
        let stream: [UInt8] = [0, 0, 0, 0, 2, 10, 11, 1, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0]
        for cut in 1...stream.count {
            var deframer = GRPCDeframer(limitBytes: 100)
            var messages: [[UInt8]] = []
            var flags: [Bool] = []
            for start in stride(from: 0, to: stream.count, by: cut) {
                append(Array(stream[start..<min(start + cut, stream.count)]), to: &deframer)
                while let frame = try deframer.next() {
                    messages.append(deframer.bytes(frame))
                    flags.append(frame.isCompressed)
                }
            }
            #expect(messages == [[10, 11], [12], []])
            #expect(flags == [false, true, false])
            #expect(deframer.pendingBytes == 0)
        }
    }

    @Test func theLimitIsCheckedAtThePrefix() {
        var deframer = GRPCDeframer(limitBytes: 100)
        append([0, 0, 0, 0, 101], to: &deframer)
        #expect { try deframer.next() } throws: { ($0 as? GRPCError)?.code == .resourceExhausted }
    }

    @Test func theLargestLengthDoesNotOverflow() {
        var deframer = GRPCDeframer(limitBytes: 100)
        append([0, 255, 255, 255, 255], to: &deframer)
        #expect { try deframer.next() } throws: { ($0 as? GRPCError)?.code == .resourceExhausted }
    }

    @Test func anUnknownFlagIsAnError() {
        var deframer = GRPCDeframer(limitBytes: 100)
        append([2, 0, 0, 0, 0], to: &deframer)
        #expect { try deframer.next() } throws: { ($0 as? GRPCError)?.code == .internal }
    }

    @Test func nothingAppendedLeavesTheLastMessageReadable() throws {
        var deframer = GRPCDeframer(limitBytes: 100)
        append([0, 0, 0, 0, 1, 9], to: &deframer)
        let frame = try #require(try deframer.next())
        append([], to: &deframer)
        #expect(deframer.bytes(frame) == [9])
    }
}
