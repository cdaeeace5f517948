import Glibc
import NIOCore

/// Writes the head of a response, and bodies, into a byte buffer.
enum ResponseHead {
    /// How the body follows the head.
    enum Framing: Equatable {
        /// The field `Content-Length`.
        case length(Int)
        case chunked
        /// The body ends with the connection, for HTTP/1.0.
        case untilClose
        /// Neither body nor length: 204 and 304.
        case none
    }

    static let continueLine: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    static let lastChunk: StaticString = "0\r\n\r\n"

    /// - Parameters:
    ///   - date: the value of `Date`.
    ///   - connection: the value of `Connection`; nil without that field.
    ///   - body: follows the head at once.
    static func write(
        _ response: HTTP1Response, _ framing: Framing, date: String, connection: StaticString?, body: [UInt8],
        to buffer: inout ByteBuffer
    ) {
        let reason = reasonPhrase(response.status)
        var bytes = 192 + reason.utf8CodeUnitCount + body.count
        for (name, value) in response.fields { bytes += name.utf8.count + value.utf8.count + 4 }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes) { memory in
            var out = Writer(memory)
            out.append("HTTP/1.1 " as StaticString)
            out.append(decimal: response.status)
            out.append(" " as StaticString)
            out.append(reason)
            out.append("\r\n" as StaticString)
            for (name, value) in response.fields {
                out.append(name)
                out.append(": " as StaticString)
                out.append(value)
                out.append("\r\n" as StaticString)
            }
            switch framing {
            case .length(let length):
                out.append("Content-Length: " as StaticString)
                out.append(decimal: length)
                out.append("\r\n" as StaticString)
            case .chunked: out.append("Transfer-Encoding: chunked\r\n" as StaticString)
            case .untilClose, .none: break
            }
            if let connection {
                out.append("Connection: " as StaticString)
                out.append(connection)
                out.append("\r\n" as StaticString)
            }
            out.append("Date: " as StaticString)
            out.append(date)
            out.append("\r\n\r\n" as StaticString)
            body.withUnsafeBytes { out.append($0) }
            return out.count
        }
    }

    /// Writes a piece of a chunked body; an empty piece would end the body and is left out.
    static func writeChunk(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        guard !bytes.isEmpty else { return }
        buffer.writeString(String(bytes.count, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(bytes)
        buffer.writeStaticString("\r\n")
    }

    private static func reasonPhrase(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 499: "Client Closed Request"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }

    /// Appends to memory that is large enough.
    private struct Writer {
        private let memory: UnsafeMutableRawBufferPointer
        private(set) var count = 0

        init(_ memory: UnsafeMutableRawBufferPointer) {
            self.memory = memory
        }

        @inline(__always)
        mutating func append(_ bytes: UnsafeRawBufferPointer) {
            precondition(bytes.count <= memory.count - count, "the size of the head was computed")
            guard let source = bytes.baseAddress, let target = memory.baseAddress else { return }
            memcpy(target + count, source, bytes.count)
            count += bytes.count
        }

        @inline(__always)
        mutating func append(_ text: StaticString) {
            append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        @inline(__always)
        mutating func append(_ text: String) {
            var text = text
            text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
        }

        @inline(__always)
        mutating func append(decimal number: Int) {
            var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
            withUnsafeMutableBytes(of: &digits) { digits in
                var (index, rest) = (digits.count, number)
                repeat {
                    index -= 1
                    digits[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                } while rest > 0
                append(UnsafeRawBufferPointer(rebasing: digits[index...]))
            }
        }
    }
}
