import HTTP2

/// The header fields and trailers of responses. Constant fields are made once.
enum GRPCResponseFields {
    /// The first fields of every response.
    static let headers = [HTTP2Field(":status", "200"), HTTP2Field("content-type", "application/grpc")]

    /// The header fields of a response without metadata and without compression.
    static let headerBlock = HTTP2FieldBlock(headers)

    /// The first trailers of a successful call.
    static let okTrailers = [HTTP2Field("grpc-status", "0")]

    /// The trailers of a successful call without metadata.
    static let okTrailerBlock = HTTP2FieldBlock(okTrailers)

    /// The encodings that requests may use.
    static let acceptEncoding = HTTP2Field("grpc-accept-encoding", "identity,deflate,gzip")

    /// The encoding of the response's compressed messages.
    static func encoding(_ encoding: GRPCEncoding) -> HTTP2Field { HTTP2Field("grpc-encoding", encoding.name) }

    private static let codes: [HTTP2Field] = GRPCStatusCode.allCases.map { code in
        HTTP2Field("grpc-status", bytes: Array(String(code.rawValue).utf8))
    }

    /// The trailers of a failed call, without its metadata.
    static func status(_ error: GRPCError) -> [HTTP2Field] {
        // An error with the code OK must not look like a success.
        let code = error.code == .ok ? GRPCStatusCode.unknown : error.code
        var fields = [codes[code.rawValue]]
        if !error.message.isEmpty {
            fields.append(HTTP2Field("grpc-message", bytes: PercentEncoding.encode(error.message)))
        }
        if !error.details.isEmpty {
            fields.append(HTTP2Field("grpc-status-details-bin", bytes: Base64.encode(error.encodedStatus())))
        }
        return fields
    }
}
