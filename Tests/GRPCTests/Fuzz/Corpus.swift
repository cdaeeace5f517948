import FoundationEssentials
import HTTP2TestKit
import SwiftProtobuf

/// The first sessions of the fuzzer: ordinary calls of every kind, and all that the conformance tests send.
enum Corpus {
    static func sessions() throws -> [[UInt8]] {
        let violations = Violation.framing + Violation.control + Violation.flow + Violation.states + Violation.messages
        let bad = try (violations + Violation.compression).map { violation in
            (violation.handshake ? opening : []) + (try RawConnection.recording(violation.act))
        }
        return bad + (try good())
    }

    private static let opening =
        RawConnection.preface + RawFrame(RawFrame.Kind.settings).bytes()
        + RawFrame(RawFrame.Kind.settings, flags: RawFrame.Flag.acknowledgement).bytes()

    private static func good() throws -> [[UInt8]] {
        let message: [UInt8] = try Google_Protobuf_BytesValue.with { $0.value = .init([1, 2, 3]) }.serializedBytes()
        let number: [UInt8] = try Google_Protobuf_Int64Value.with { $0.value = 40 }.serializedBytes()
        let bodies = [
            ("Unary", frame(message)), ("Yielding", frame(message)), ("Fail", frame([])), ("Crash", frame([])),
            ("Metadata", frame([])),
            ("Hang", frame([])), ("Count", frame(number)), ("Sum", frame(message) + frame(message)),
            ("Chat", frame(message) + frame(message)),
            ("Deaf", frame(message)),
        ]
        let fields = [
            [], [("grpc-timeout", "20m")], [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip")],
            [("x-data-bin", "AQID")],
        ]
        var sessions: [[UInt8]] = []
        for more in fields {
            sessions.append(
                opening
                    + (try RawConnection.recording { client in
                        for (index, body) in bodies.enumerated() {
                            let stream = UInt32(2 * index + 1)
                            client.headers(stream, HeaderEncoder.call("/\(EchoService.name)/\(body.0)", more))
                            client.data(stream, body.1, end: true)
                            client.send(RawFrame(RawFrame.Kind.windowUpdate, big(1_000)))
                            client.send(RawFrame(RawFrame.Kind.windowUpdate, stream: stream, big(1_000)))
                        }
                        client.send(RawFrame(RawFrame.Kind.resetStream, stream: 11, big(8)))
                        client.headers(101, HeaderEncoder.get("/page"), end: true)
                        client.send(RawFrame(RawFrame.Kind.ping, [1, 2, 3, 4, 5, 6, 7, 8]))
                        client.send(RawFrame(RawFrame.Kind.goAway, big(0) + big(0)))
                    }))
        }
        return sessions
    }
}
