import HTTP2TestKit
import SwiftProtobuf

extension RawConnection {
    /// Sends a unary call whole and reads its answer.
    func call(
        _ stream: UInt32, _ method: String, _ message: some Message, _ fields: [(String, String)] = []
    ) throws -> RawResponse {
        headers(stream, HeaderEncoder.call("/\(EchoService.name)/\(method)", fields))
        sendBody(stream, frame(try message.serializedBytes()))
        return try response(stream)
    }

    /// Sends bytes in DATA frames of the size that every peer takes, the last with END_STREAM.
    private func sendBody(_ stream: UInt32, _ bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: 16_384) {
            let end = min(start + 16_384, bytes.count)
            data(stream, Array(bytes[start..<end]), end: end == bytes.count)
        }
    }
}

/// The five-byte prefix and the message.
func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
    [flag] + big(UInt32(message.count)) + message
}

extension RawResponse {
    /// The messages of the body, their prefixes cut off.
    var messages: [[UInt8]] {
        var messages: [[UInt8]] = []
        var rest = body[...]
        while rest.count >= 5 {
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            messages.append(Array(rest.dropFirst(5).prefix(length)))
            rest = rest.dropFirst(5 + length)
        }
        return messages
    }

    var grpcStatus: Int? { self["grpc-status"].flatMap { Int($0) } }
}
