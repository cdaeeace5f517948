import Values

/// Decodes a chunked body (RFC 9112 §7.1). Pure: lines and bytes go in, decoded bytes come out.
struct ChunkedBody {
    private enum Phase {
        /// The line with the size of the next chunk.
        case size
        /// The bytes of a chunk.
        case data(left: Int)
        /// The CRLF after a chunk.
        case dataEnd
        /// A line of the trailer section, or the empty line that ends the body.
        case trailer(bytes: Int, fields: Int)
        case complete
    }

    private var phase = Phase.size

    /// Consumes as many bytes as it can use.
    ///
    /// - Parameter body: gets the decoded bytes.
    /// - Returns: the number of consumed bytes, and whether the body is complete.
    mutating func consume(
        _ bytes: UnsafeRawBufferPointer, into body: inout [UInt8], limits: HTTP1Limits
    ) throws(HTTP1Refusal) -> (consumed: Int, isComplete: Bool) {
        var position = 0
        while position < bytes.count {
            switch phase {
            case .data(let left):
                let count = min(left, bytes.count - position)
                body.append(contentsOf: bytes[part: position..<(position + count)])
                position += count
                phase = count == left ? .dataEnd : .data(left: left - count)
            case .size, .dataEnd, .trailer:
                let rest = bytes[part: position..<bytes.count]
                guard let line = try Lines.next(rest) else {
                    try checkUnfinished(rest, limits)
                    return (position, false)
                }
                position += line.count + 2
                try take(line, bodyBytes: body.count, limits)
                if case .complete = phase { return (position, true) }
            case .complete:
                return (position, true)
            }
        }
        return (position, false)
    }

    private func checkUnfinished(_ rest: UnsafeRawBufferPointer, _ limits: HTTP1Limits) throws(HTTP1Refusal) {
        switch phase {
        case .dataEnd where rest.first != 0x0D: throw Self.sizeMismatch
        case .size where rest.count > limits.chunkLineBytes: throw Self.lineTooLong(limits)
        case .size:
            guard let first = rest.first, HexDigit.value(of: first) != nil else {
                throw .malformed("body", "has a chunk without a size")
            }
        case .trailer(let bytes, _) where bytes + rest.count > limits.headBytes: throw Self.trailersTooLarge(limits)
        default: break
        }
    }

    private mutating func take(
        _ line: UnsafeRawBufferPointer, bodyBytes: Int, _ limits: HTTP1Limits
    ) throws(HTTP1Refusal) {
        switch phase {
        case .size:
            guard line.count <= limits.chunkLineBytes else { throw Self.lineTooLong(limits) }
            let size = try ChunkLine.size(line)
            guard size <= limits.bodyBytes - bodyBytes else {
                throw HTTP1Refusal(413, "body", "has more than \(limits.bodyBytes) bytes")
            }
            phase = size == 0 ? .trailer(bytes: 0, fields: 0) : .data(left: size)
        case .dataEnd:
            guard line.isEmpty else { throw Self.sizeMismatch }
            phase = .size
        case .trailer(let bytes, let fields):
            guard !line.isEmpty else { return phase = .complete }
            guard bytes + line.count <= limits.headBytes, fields < limits.fields else {
                throw Self.trailersTooLarge(limits)
            }
            try Trailers.check(line)
            phase = .trailer(bytes: bytes + line.count + 2, fields: fields + 1)
        case .data, .complete: preconditionFailure("a chunk's bytes are no lines")
        }
    }

    private static let sizeMismatch = HTTP1Refusal.malformed("body", "has a chunk that is longer than its size")

    private static func lineTooLong(_ limits: HTTP1Limits) -> HTTP1Refusal {
        .malformed("body", "has a chunk size with more than \(limits.chunkLineBytes) bytes")
    }

    private static func trailersTooLarge(_ limits: HTTP1Limits) -> HTTP1Refusal {
        HTTP1Refusal(431, "trailers", "have more than \(limits.headBytes) bytes or \(limits.fields) fields")
    }
}

/// The fields after a chunked body. They are checked and dropped.
private enum Trailers {
    /// Fields that must not come after the body (RFC 9110 §6.5.1): framing, routing, authentication, modifiers and the
    /// description of the content.
    private static let forbidden: [StaticString] = [
        "transfer-encoding", "content-length", "host", "trailer", "content-encoding", "content-type", "content-range",
        "connection", "expect", "te", "max-forwards", "cache-control", "pragma", "range", "if-match", "if-none-match",
        "if-modified-since", "if-unmodified-since", "if-range", "authorization", "proxy-authorization", "cookie",
        "set-cookie", "idempotency-key", "upgrade", "keep-alive", "proxy-connection",
    ]

    static func check(_ line: UnsafeRawBufferPointer) throws(HTTP1Refusal) {
        let nameEnd: Int
        do {
            nameEnd = try HeadFields.checkedName(line)
        } catch {
            throw .malformed("trailers", error.problem)
        }
        let name = line[part: 0..<nameEnd]
        if let field = forbidden.first(where: { name.equalsIgnoringCase($0) }) {
            throw .malformed("trailers", "must not have the field \(field)")
        }
    }
}
