import FoundationEssentials
import GRPC
import SwiftProtobuf

extension GRPCRouter {
    /// One method of each kind on protobuf's own wrapper messages, for tests with independent clients.
    mutating func echo() {
        typealias Bytes = Google_Protobuf_BytesValue
        unary("bench.Echo", "Unary") { (request: Bytes, context) -> Bytes in
            for (key, value) in context.metadata.pairs where key.hasPrefix("x-") {
                switch value {
                case .text(let text): context.addTrailingMetadata(key, text)
                case .binary(let bytes): context.addTrailingMetadata(key, binary: bytes)
                }
            }
            return request
        }
        unary("bench.Echo", "Fail") { (_: Bytes, _) -> Bytes in
            throw GRPCError(
                .failedPrecondition, "naïve 100%",
                details: [
                    .errorInfo(reason: "TOO_LATE", domain: "bench", metadata: ["a": "b"]),
                    .badRequest([.init(field: "value", description: "wrong")]), .retryInfo(after: .milliseconds(1_500)),
                ])
        }
        serverStreaming("bench.Echo", "Repeat") { (request: Bytes, writer: GRPCResponseWriter<Bytes>, _) in
            for _ in 0..<1_000 { try await writer.write(request) }
        }
        clientStreaming("bench.Echo", "Join") { (requests: GRPCRequestStream<Bytes>, _) -> Bytes in
            var joined = Bytes()
            for try await request in requests { joined.value.append(request.value) }
            return joined
        }
        bidirectional("bench.Echo", "Chat") {
            (requests: GRPCRequestStream<Bytes>, writer: GRPCResponseWriter<Bytes>, _) in
            for try await request in requests { try await writer.write(request) }
        }
    }
}
