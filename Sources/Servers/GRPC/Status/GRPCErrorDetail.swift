/// One detail of a rich error: a message of `google.rpc` or any other, packed as `google.protobuf.Any`.
public enum GRPCErrorDetail: Sendable, Equatable {
    /// `google.rpc.ErrorInfo`: the reason in capitals with underscores, the service that gives it, and facts about it.
    case errorInfo(reason: String, domain: String, metadata: [String: String])

    /// `google.rpc.BadRequest`: the fields of the request that are wrong.
    case badRequest([FieldViolation])

    /// `google.rpc.RetryInfo`: the shortest useful pause before the client tries again.
    case retryInfo(after: Duration)

    /// Any other message: its type's full name and its serialized bytes.
    case message(typeName: String, bytes: [UInt8])

    /// One wrong field of a request.
    public struct FieldViolation: Sendable, Equatable {
        /// The path of the field, such as `total_price`.
        public var field: String
        /// The rule that the field breaks.
        public var description: String

        /// Takes the path of the field and the rule that it breaks.
        public init(field: String, description: String) {
            self.field = field
            self.description = description
        }
    }
}

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

/// Writes the protobuf fields of rich errors, which are too few for a dependency on Google's generated types.
struct ProtobufWriter {
    /// The bytes written so far.
    private(set) var bytes: [UInt8] = []

    /// A varint field; 0 is the default and is not written.
    mutating func integer(_ field: UInt64, _ value: Int64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(UInt64(bitPattern: value))
    }

    /// A string field; the empty string is the default and is not written.
    mutating func string(_ field: UInt64, _ value: String) {
        if !value.isEmpty { bytes(field, Array(value.utf8)) }
    }

    /// A field of bytes, or of a message.
    mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// The two fields of `google.protobuf.Any`.
    mutating func any(_ typeName: String, _ value: [UInt8]) {
        string(1, "type.googleapis.com/" + typeName)
        bytes(2, value)
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
