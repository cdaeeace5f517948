import HTTP2

/// One server connection as RFC 9112 sees it: bytes go in, complete requests and refusals come out, one at a time.
///
/// Without I/O and clock. The driver gives it the received bytes, performs the action of ``next()`` until that is
/// `wait`, and reports the end of each response with ``answered(keepsAlive:)``. Errors of the peer are refusals.
struct HTTP1Machine: ~Copyable {
    /// The next step of the driver.
    enum Action {
        /// Nothing to do until bytes come or the response is complete.
        case wait
        /// Send 100 (Continue).
        case sendContinue
        /// Answer this request, then call ``HTTP1Machine/answered(keepsAlive:)``.
        case answer(HTTP1Request)
        /// Send the response to this refusal and close. The machine takes no further bytes.
        case refuse(HTTP1Refusal)
    }

    /// What the response to the current request depends on.
    struct Exchange: Equatable {
        /// The response has no body.
        var isHead = false
        /// Chunks are not allowed, and `keep-alive` is said.
        var isVersion10 = false
        /// The client allows another request.
        var isKeptAlive = false
    }

    private enum State {
        case idle
        case head(HeadProgress)
        case body(BodyProgress)
        case answering
        case closed
    }

    private struct HeadProgress {
        /// Nil until the first line is complete.
        var line: RequestLine?
        var fields = HeadFields()
        /// Where the current line begins, and how much of it was searched for its end.
        var lineStart = 0
        var checked = 0
        var fieldsStart = 0
    }

    private struct BodyProgress {
        let line: RequestLine
        let headers: HTTP2Headers
        let body: HeadFields.Body
        var expectsContinue: Bool
        var bytes: [UInt8] = []
        var chunks = ChunkedBody()
    }

    private let limits: HTTP1Limits
    private var input = InputBuffer()
    private var state = State.idle
    private var emptyLines = 0
    private var isRefused = false
    private var hasExcess = false
    private(set) var exchange = Exchange()

    /// Empty lines before a request that are ignored (RFC 9112 §2.2).
    private static let maximumEmptyLines = 8
    /// Bytes of a request line besides its target: method, spaces and version.
    private static let lineOverhead = 64

    init(limits: HTTP1Limits) {
        self.limits = limits
    }

    /// Takes received bytes.
    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        if case .closed = state { hasExcess = true } else { input.append(bytes) }
    }

    /// No request is read after the current one.
    mutating func exchangeCloses() {
        exchange.isKeptAlive = false
    }

    /// After the last response: whether the client may send, or has sent, bytes that are not read any more.
    var mayReceiveMore: Bool { isRefused || hasExcess || input.count > 0 }

    /// Bytes that wait for the current response.
    var waitingBytes: Int { input.count }

    /// A request has begun and is not complete.
    var isReceiving: Bool {
        switch state {
        case .idle: input.count > 0 || emptyLines > 0
        case .head, .body: true
        case .answering, .closed: false
        }
    }

    /// No request has begun.
    var isIdle: Bool {
        if case .idle = state { return !isReceiving }
        return false
    }

    /// Advances as far as the received bytes allow.
    mutating func next(_ gatherer: inout FieldGatherer) -> Action {
        do throws(HTTP1Refusal) {
            while true {
                switch state {
                case .idle: guard try beginHead() else { return .wait }
                case .head(let head):
                    state = .closed
                    guard let action = try advance(head, &gatherer) else { return .wait }
                    if case .wait = action { continue }
                    return action
                case .body(let body):
                    state = .closed
                    return try advance(body)
                case .answering, .closed: return .wait
                }
            }
        } catch {
            return refuse(error)
        }
    }

    /// Ends the connection with a refusal.
    mutating func refuse(_ refusal: HTTP1Refusal) -> Action {
        state = .closed
        isRefused = true
        exchange.isKeptAlive = false
        return .refuse(refusal)
    }

    /// The response to the current request is complete. Without `keepsAlive` no further request is read.
    mutating func answered(keepsAlive: Bool) {
        guard case .answering = state else { return }
        state = keepsAlive ? .idle : .closed
    }

    // MARK: - Head

    /// Skips empty lines; false if there is no byte of a request.
    private mutating func beginHead() throws(HTTP1Refusal) -> Bool {
        while let first = input.bytes.first {
            guard first == 0x0D else {
                guard ByteClass.of(first).contains(.token) else {
                    throw .malformed("request", "must begin with a method and a space")
                }
                emptyLines = 0
                exchange = Exchange()
                state = .head(HeadProgress())
                return true
            }
            guard input.count >= 2 else { return false }
            guard input.bytes[1] == 0x0A, emptyLines < Self.maximumEmptyLines else { throw Lines.bareLineEnd }
            emptyLines += 1
            input.consume(2)
        }
        return false
    }

    /// Reads lines. Nil if the head is not complete; `wait` if a body follows.
    private mutating func advance(
        _ progress: HeadProgress, _ gatherer: inout FieldGatherer
    ) throws(HTTP1Refusal) -> Action? {
        var head = progress
        let all = input.bytes
        let bytes = UnsafeRawBufferPointer(all)
        while true {
            let rest = bytes[part: head.lineStart..<bytes.count]
            guard let line = try Lines.next(rest, checked: head.checked) else {
                try checkUnfinished(head, rest.count)
                head.checked = rest.count
                state = .head(head)
                return nil
            }
            let lineStart = head.lineStart
            head.lineStart += line.count + 2
            head.checked = 0
            guard let requestLine = head.line else {
                if line.count > limits.targetBytes + Self.lineOverhead { throw RequestLine.targetTooLong(limits) }
                let read = try RequestLine(line, limits: limits)
                head.line = read
                head.fieldsStart = head.lineStart
                exchange.isHead = read.method == "HEAD"
                exchange.isVersion10 = read.isVersion10
                continue
            }
            if line.isEmpty { return try complete(head, requestLine, bytes, &gatherer) }
            guard head.lineStart - head.fieldsStart <= limits.headBytes, head.fields.count < limits.fields else {
                throw headTooLarge
            }
            let nameLength = try head.fields.add(line)
            for index in lineStart..<(lineStart + nameLength) {
                all[index] = UnsafeRawBufferPointer.lowercased(all[index])
            }
        }
    }

    private func checkUnfinished(_ head: HeadProgress, _ lineBytes: Int) throws(HTTP1Refusal) {
        if head.line == nil {
            guard lineBytes <= limits.targetBytes + Self.lineOverhead else { throw RequestLine.targetTooLong(limits) }
        } else {
            guard head.lineStart + lineBytes - head.fieldsStart <= limits.headBytes else { throw headTooLarge }
        }
    }

    private var headTooLarge: HTTP1Refusal {
        HTTP1Refusal(431, "headers", "have more than \(limits.headBytes) bytes or \(limits.fields) fields")
    }

    private mutating func complete(
        _ head: HeadProgress, _ line: RequestLine, _ bytes: UnsafeRawBufferPointer, _ gatherer: inout FieldGatherer
    ) throws(HTTP1Refusal) -> Action {
        let framing = try head.fields.finish(isVersion10: line.isVersion10, limits: limits)
        exchange.isKeptAlive = framing.isKeptAlive
        let headers = Self.headers(bytes[part: head.fieldsStart..<(head.lineStart - 2)], &gatherer)
        input.consume(head.lineStart)
        guard framing.body != .none else { return answer(line, headers, []) }
        state = .body(
            BodyProgress(
                line: line, headers: headers, body: framing.body, expectsContinue: framing.expectsContinue))
        return .wait
    }

    /// Copies checked lines, whose names are in lower case already.
    private static func headers(_ lines: UnsafeRawBufferPointer, _ gatherer: inout FieldGatherer) -> HTTP2Headers {
        var rest = lines
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[part: 0..<(end - 1)]
            let nameEnd = line.firstIndex(of: UInt8(ascii: ":")) ?? 0
            gatherer.append(name: line[part: 0..<nameEnd], value: HeadFields.value(line, nameEnd))
            rest = rest[part: (end + 1)..<rest.count]
        }
        return gatherer.take()
    }

    private mutating func answer(_ line: RequestLine, _ headers: HTTP2Headers, _ body: [UInt8]) -> Action {
        state = .answering
        return .answer(HTTP1Request(method: line.method, target: line.target, headers: headers, body: body))
    }

    // MARK: - Body

    private mutating func advance(_ progress: consuming BodyProgress) throws(HTTP1Refusal) -> Action {
        var body = progress
        // A client that sends the body at once does not wait for 100 (RFC 9110 §10.1.1).
        if body.expectsContinue, input.count == 0 {
            body.expectsContinue = false
            state = .body(body)
            return .sendContinue
        }
        let received = UnsafeRawBufferPointer(input.bytes)
        var isComplete: Bool
        switch body.body {
        case .length(let length):
            if body.bytes.isEmpty { body.bytes.reserveCapacity(length) }
            let count = min(length - body.bytes.count, received.count)
            body.bytes.append(contentsOf: received[part: 0..<count])
            input.consume(count)
            isComplete = body.bytes.count == length
        case .chunked:
            let (consumed, ended) = try body.chunks.consume(received, into: &body.bytes, limits: limits)
            input.consume(consumed)
            isComplete = ended
        case .none: isComplete = true
        }
        if isComplete { return answer(body.line, body.headers, body.bytes) }
        state = .body(body)
        return .wait
    }
}
