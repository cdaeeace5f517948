import HTTP2

/// The header fields and trailers of responses; what never changes is made once.
enum GRPCResponseFields {
    static let headers = [HTTP2Field(":status", "200"), HTTP2Field("content-type", "application/grpc")]

    static let headerBlock = HTTP2FieldBlock(headers)

    static let okTrailers = [HTTP2Field("grpc-status", "0")]

    static let okTrailerBlock = HTTP2FieldBlock(okTrailers)

    static let acceptEncoding = HTTP2Field("grpc-accept-encoding", "identity,deflate,gzip")

    /// The field that announces how messages are compressed.
    static func encoding(_ encoding: GRPCEncoding) -> HTTP2Field { HTTP2Field("grpc-encoding", encoding.name) }

    private static let codes: [HTTP2Field] = GRPCStatusCode.allCases.map { code in
        HTTP2Field("grpc-status", bytes: Array(String(code.rawValue).utf8))
    }

    /// The trailers of a failed call.
    static func status(_ error: GRPCError) -> [HTTP2Field] {
        // An error is never a success, whatever its code says.
        let code = error.code == .ok ? GRPCStatusCode.unknown : error.code
        var fields = [codes[code.rawValue]]
        if !error.message.isEmpty {
            fields.append(HTTP2Field("grpc-message", bytes: PercentEncoding.encode(error.message)))
        }
        if !error.details.isEmpty {
            fields.append(HTTP2Field("grpc-status-details-bin", bytes: Base64.encode(error.encodedStatus())))
        }
        return fields + error.trailers.fields
    }
}
