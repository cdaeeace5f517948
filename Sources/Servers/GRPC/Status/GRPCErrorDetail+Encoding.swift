extension GRPCErrorDetail {
    /// The message as `google.protobuf.Any`.
    func encodeAny(to writer: inout ProtobufWriter) {
        switch self {
        case .errorInfo(let reason, let domain, let metadata):
            var message = ProtobufWriter()
            message.string(1, reason)
            message.string(2, domain)
            for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
                var entry = ProtobufWriter()
                entry.string(1, key)
                entry.string(2, value)
                message.bytes(3, entry.bytes)
            }
            writer.any("google.rpc.ErrorInfo", message.bytes)
        case .badRequest(let violations):
            var message = ProtobufWriter()
            for violation in violations {
                var entry = ProtobufWriter()
                entry.string(1, violation.field)
                entry.string(2, violation.description)
                message.bytes(1, entry.bytes)
            }
            writer.any("google.rpc.BadRequest", message.bytes)
        case .retryInfo(let delay):
            var duration = ProtobufWriter()
            duration.integer(1, delay.components.seconds)
            duration.integer(2, delay.components.attoseconds / 1_000_000_000)
            var message = ProtobufWriter()
            message.bytes(1, duration.bytes)
            writer.any("google.rpc.RetryInfo", message.bytes)
        case .message(let typeName, let bytes):
            writer.any(typeName, bytes)
        }
    }
}

extension GRPCError {
    /// `google.rpc.Status` with all details, as `grpc-status-details-bin` carries it.
    func encodedStatus() -> [UInt8] {
        var status = ProtobufWriter()
        status.integer(1, Int64(code.rawValue))
        status.string(2, message)
        for detail in details {
            var any = ProtobufWriter()
            detail.encodeAny(to: &any)
            status.bytes(3, any.bytes)
        }
        return status.bytes
    }
}
