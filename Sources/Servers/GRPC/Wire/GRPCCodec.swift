import SwiftProtobuf

/// Between messages and their bytes, with gRPC's words for what goes wrong.
enum GRPCCodec {
    static func decode<M: Message>(_ type: M.Type, _ bytes: UnsafeRawBufferPointer) throws(GRPCError) -> M {
        do {
            return try M(serializedBytes: bytes.bytes)
        } catch {
            throw GRPCError(.internal, "the request is not a valid \(M.protoMessageName)")
        }
    }

    static func decode<M: Message>(_ type: M.Type, _ bytes: [UInt8]) throws(GRPCError) -> M {
        do {
            return try M(serializedBytes: bytes)
        } catch {
            throw GRPCError(.internal, "the request is not a valid \(M.protoMessageName)")
        }
    }

    static func encode(_ message: some Message, limit: Int) throws(GRPCError) -> GRPCFrame {
        let frame: GRPCFrame
        do {
            frame = try message.serializedBytes()
        } catch {
            throw GRPCError(.internal, "the response cannot be serialized")
        }
        guard frame.count <= limit else {
            throw GRPCError(.resourceExhausted, "response of \(frame.count) bytes exceeds the limit of \(limit)")
        }
        return frame
    }
}
