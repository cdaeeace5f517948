/// One detail of a rich error: a message of `google.rpc` or any other, packed as `google.protobuf.Any`.
public enum GRPCErrorDetail: Sendable, Equatable {
    /// `google.rpc.ErrorInfo`: why, in capitals with underscores; who says so; and facts.
    case errorInfo(reason: String, domain: String, metadata: [String: String])

    /// `google.rpc.BadRequest`: which fields are wrong, and how.
    case badRequest([FieldViolation])

    /// `google.rpc.RetryInfo`: when it makes sense to try again.
    case retryInfo(after: Duration)

    /// Any other message: its type's full name and its serialized bytes.
    case message(typeName: String, bytes: [UInt8])

    /// One wrong field of a request.
    public struct FieldViolation: Sendable, Equatable {
        /// The path of the field, such as `total_price`.
        public var field: String
        /// What is wrong with it.
        public var description: String

        public init(field: String, description: String) {
            self.field = field
            self.description = description
        }
    }
}
