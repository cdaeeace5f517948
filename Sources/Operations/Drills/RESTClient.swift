/// HTTP/1.1 on one connection.
final class RESTClient: OrderClient {
    private let port: Int
    /// How long an answer may take.
    private let patience: Duration
    private var stream: TCPStream?

    init(port: Int, patience: Duration = .milliseconds(DrillLimits.answerMilliseconds)) {
        (self.port, self.patience) = (port, patience)
    }

    func place(_ key: String) throws -> OrderAnswer {
        let body = """
            {"customer_id":"drill","product_id":"drill","vendor_id":"drill","quantity":1,"total_price":9.99,\
            "payment_method":"CARD"}
            """
        let (status, text) = try call("POST", "/v1/orders", body, key: key)
        guard status == 200, let answer = Self.answer(text) else { throw DrillError("HTTP \(status)") }
        return answer
    }

    func cancel(_ orderID: String) throws -> OrderAnswer? {
        let (status, text) = try call("POST", "/v1/orders/\(orderID)/cancel", #"{"reason":"drill"}"#)
        guard status < 500, status != 429 else { throw DrillError("HTTP \(status)") }
        guard status == 200 else { return nil }
        var answer = Self.answer(text) ?? OrderAnswer(orderID: orderID, version: 0)
        answer.orderID = orderID
        return answer
    }

    /// A GET; the status and the body.
    func get(_ path: String) throws -> (status: Int, body: String) { try call("GET", path, nil) }

    private static func answer(_ text: String) -> OrderAnswer? {
        guard let id = text.firstMatch(of: /"order_id":\s*"([^"]+)"/) else { return nil }
        let version = text.firstMatch(of: /"version":\s*"?(\d+)/).flatMap { Int64($0.1) }
        return OrderAnswer(orderID: String(id.1), version: version ?? 1)
    }

    private func call(_ method: String, _ path: String, _ body: String?, key: String? = nil) throws
        -> (status: Int, body: String)
    {
        let deadline = ContinuousClock.now + patience
        do {
            let stream = try self.stream ?? TCPStream(port: port)
            self.stream = stream
            var request = "\(method) \(path) HTTP/1.1\r\nHost: drill\r\n"
            if let key { request += "Idempotency-Key: \(key)\r\n" }
            if let body { request += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
            try stream.send(Array((request + "\r\n" + (body ?? "")).utf8))
            return try Self.answer(of: stream, deadline)
        } catch {
            stream = nil
            throw error
        }
    }

    private static func answer(of stream: TCPStream, _ deadline: ContinuousClock.Instant) throws -> (Int, String) {
        let words = try stream.line(until: deadline).split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { throw DrillError("the answer is not HTTP") }
        var length = 0
        var isChunked = false
        while case let line = try stream.line(until: deadline), !line.isEmpty {
            let lower = line.lowercased()
            if let match = lower.wholeMatch(of: /content-length:\s*(\d+)\s*/) { length = Int(match.1) ?? 0 }
            if lower.hasPrefix("transfer-encoding:"), lower.hasSuffix("chunked") { isChunked = true }
        }
        guard isChunked else {
            return (status, String(decoding: try stream.read(length, until: deadline), as: UTF8.self))
        }
        var body: [UInt8] = []
        while let size = Int(try stream.line(until: deadline), radix: 16) {
            body += try stream.read(size, until: deadline)
            _ = try stream.line(until: deadline)
            if size == 0 { break }
        }
        return (status, String(decoding: body, as: UTF8.self))
    }
}
