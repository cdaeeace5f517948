import FoundationEssentials
import GRPC
import SwiftProtobuf

/// One method of each kind, and some that fail, hang or do not read. The messages are protobuf's own wrappers.
enum EchoService {
    typealias Bytes = Google_Protobuf_BytesValue

    static let name = "test.Echo"

    static func router(limits: GRPCLimits = GRPCLimits(), events: Events = Events()) -> GRPCRouter {
        var router = GRPCRouter(limits: limits)
        router.unary(name, "Unary") { (request: Bytes, _) -> Bytes in request }
        router.unary(name, "Yielding") { (request: Bytes, _) -> Bytes in
            for _ in 0..<10 { await Task.yield() }
            return request
        }
        router.unary(name, "OnPool", options: GRPCMethodOptions(placement: .pool)) { (request: Bytes, _) -> Bytes in
            request
        }
        router.unary(name, "Metadata") { (request: Bytes, context) -> Bytes in
            context.addInitialMetadata("x-initial", context.metadata["x-text"] ?? "none")
            context.addTrailingMetadata("x-trailing-bin", binary: context.metadata.binary("x-data-bin") ?? [])
            return request
        }
        router.unary(name, "Fail") { (_: Bytes, _) -> Bytes in
            throw GRPCError(
                .failedPrecondition, "ö%",
                details: [
                    .errorInfo(reason: "TOO_LATE", domain: "test", metadata: ["order": "7"]),
                    .badRequest([.init(field: "quantity", description: "must be positive")]),
                    .retryInfo(after: .milliseconds(1_500)),
                ])
        }
        router.unary(name, "Crash") { (_: Bytes, _) -> Bytes in throw Secret() }
        router.unary(name, "Hang") { (_: Bytes, _) -> Bytes in
            await events.hang()
            throw CancellationError()
        }
        replying(&router, events)
        router.serverStreaming(name, "Count") {
            (request: Google_Protobuf_Int64Value, writer: GRPCResponseWriter<Bytes>, _) in
            for number in 0..<request.value {
                try await writer.write(Bytes([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 1_000)))
                events.wrote()
            }
        }
        router.clientStreaming(name, "Sum") { (requests: GRPCRequestStream<Bytes>, _) -> Google_Protobuf_Int64Value in
            var sum: Int64 = 0
            for try await request in requests { sum += Int64(request.value.count) }
            return Google_Protobuf_Int64Value(sum)
        }
        router.bidirectional(name, "Chat") {
            (requests: GRPCRequestStream<Bytes>, writer: GRPCResponseWriter<Bytes>, _) in
            for try await request in requests { try await writer.write(request) }
        }
        router.bidirectional(name, "Deaf") { (_: GRPCRequestStream<Bytes>, _: GRPCResponseWriter<Bytes>, _) in
            await events.hang()
        }
        return router
    }

    /// Handlers without a task.
    private static func replying(_ router: inout GRPCRouter, _ events: Events) {
        router.unary(name, "ReplyingAtOnce") { (request: Bytes, _, reply: GRPCReply<Bytes>) in reply.send { request } }
        router.unary(name, "ReplyingLater") { (request: Bytes, context, reply: GRPCReply<Bytes>) in
            Task.detached {
                context.addTrailingMetadata("x-later", "yes")
                reply.send { request }
                // Only the first answer counts.
                reply.send { throw Secret() }
            }
        }
        router.unary(name, "ReplyingError") { (_: Bytes, _, reply: GRPCReply<Bytes>) in
            Task.detached { reply.send { throw GRPCError(.aborted, "later") } }
        }
        router.unary(name, "ReplyingNothing") { (_: Bytes, _, _: GRPCReply<Bytes>) in
            throw GRPCError(.aborted, "at once")
        }
        router.unary(name, "ReplyingNever") { (_: Bytes, _, reply: GRPCReply<Bytes>) in
            reply.whenCancelled(cancel: HungWork(events: events))
        }
        router.unary(name, "ReplyingDone") { (request: Bytes, _, reply: GRPCReply<Bytes>) in
            reply.send { request }
            reply.whenCancelled(cancel: HungWork(events: events))
        }
    }

    private final class HungWork: GRPCCancellable {
        private let events: Events

        init(events: Events) {
            self.events = events
        }

        func cancel() { events.cancelled() }
    }

    private struct Secret: Error, CustomStringConvertible {
        let description = "password=hunter2"
    }
}

extension Google_Protobuf_BytesValue {
    init(_ bytes: [UInt8]) {
        self.init()
        value = .init(bytes)
    }
}

extension Google_Protobuf_Int64Value {
    init(_ number: Int64) {
        self.init()
        value = number
    }
}
