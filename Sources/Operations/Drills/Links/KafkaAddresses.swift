/// Makes a client of Kafka stay on its link: replaces the brokers' addresses in the answers that tell them (Metadata,
/// FindCoordinator), and tells both sides of no newer versions of these calls than it can read (ApiVersions).
///
/// One connection, whose requests and answers go through it. Everything else passes as it is.
struct KafkaAddresses {
    private enum Call: Int16 {
        case metadata = 3
        case findCoordinator = 10
        case apiVersions = 18

        /// The last version whose fields have plain lengths.
        var newest: Int16? {
            switch self {
            case .metadata: 8
            case .findCoordinator: 2
            case .apiVersions: nil
            }
        }
    }

    private static let requestHead = 12
    private static let answerHead = 8
    /// The beginning of the request that is being read, and how much of it is still to come.
    private var request: [UInt8] = []
    private var requestLeft = 0
    /// What was asked, by correlation id.
    private var asked: [Int32: (call: Call, version: Int16)] = [:]
    /// The answer that is being read, if it is one to change or its kind is not known yet.
    private var answer: [UInt8] = []
    private var answerLeft = 0

    // MARK: Requests

    /// Takes bytes of the client, which pass as they are.
    mutating func request(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if requestLeft > 0 {
                let count = min(requestLeft, rest.count)
                requestLeft -= count
                rest = rest.dropFirst(count)
                continue
            }
            let count = min(Self.requestHead - request.count, rest.count)
            request += rest.prefix(count)
            rest = rest.dropFirst(count)
            guard request.count == Self.requestHead else { return }
            note(KafkaBytes(request))
            request = []
        }
    }

    private mutating func note(_ head: KafkaBytes) {
        var head = head
        let (size, key, version, correlation) = (head.int32(), head.int16(), head.int16(), head.int32())
        requestLeft = max(0, Int(size) + 4 - Self.requestHead)
        if let call = Call(rawValue: key) { asked[correlation] = (call, version) }
    }

    // MARK: Answers

    /// What the client gets for bytes of a broker.
    ///
    /// - Parameter port: where the link listens for a broker.
    mutating func answer(_ bytes: [UInt8], _ port: (String, Int) -> Int) -> [UInt8] {
        var (rest, result) = (bytes[...], [UInt8]())
        while !rest.isEmpty {
            if answerLeft > 0, answer.isEmpty {
                let count = min(answerLeft, rest.count)
                result += rest.prefix(count)
                answerLeft -= count
                rest = rest.dropFirst(count)
                continue
            }
            let wanted = answerLeft > 0 ? answerLeft : Self.answerHead - answer.count
            let count = min(wanted, rest.count)
            answer += rest.prefix(count)
            rest = rest.dropFirst(count)
            if answerLeft > 0 { answerLeft -= count }
            if answerLeft == 0 { result += read(port) }
        }
        return result
    }

    /// The head is there, or a whole answer that is to be changed: what may go on.
    private mutating func read(_ port: (String, Int) -> Int) -> [UInt8] {
        guard answer.count >= Self.answerHead else { return [] }
        var head = KafkaBytes(answer)
        let (size, correlation) = (Int(head.int32()), head.int32())
        guard let (call, version) = asked[correlation] else {
            answerLeft = size + 4 - answer.count
            defer { answer = [] }
            return answer
        }
        if answer.count < size + 4 {
            answerLeft = size + 4 - answer.count
            return []
        }
        asked[correlation] = nil
        defer { answer = [] }
        let body = Array(answer[Self.answerHead...])
        guard let changed = Self.changed(body, call, version, port) else { return answer }
        return KafkaBytes.of(Int32(changed.count + 4)) + KafkaBytes.of(correlation) + changed
    }

    /// The body of an answer with other addresses; nil if it cannot be read.
    private static func changed(
        _ body: [UInt8], _ call: Call, _ version: Int16, _ port: (String, Int) -> Int
    ) -> [UInt8]? {
        var bytes = KafkaBytes(body)
        switch call {
        case .apiVersions: return limited(bytes, version)
        case .metadata:
            if version >= 3 { bytes.skip(4) }
            for _ in 0..<max(0, bytes.int32()) {
                bytes.skip(4)
                bytes.replaceAddress(port)
                if version >= 1 { bytes.skip(max(0, Int(bytes.int16()))) }
            }
        case .findCoordinator:
            if version >= 1 { bytes.skip(4) }
            bytes.skip(2)
            if version >= 1 { bytes.skip(max(0, Int(bytes.int16()))) }
            bytes.skip(4)
            bytes.replaceAddress(port)
        }
        return bytes.isValid ? bytes.all : nil
    }

    /// The answer to ApiVersions with lower versions where newer ones cannot be read.
    private static func limited(_ body: KafkaBytes, _ version: Int16) -> [UInt8]? {
        var bytes = body
        guard bytes.int16() == 0 else { return nil }
        let count = version >= 3 ? bytes.varint() - 1 : Int(bytes.int32())
        for _ in 0..<max(0, count) where bytes.isValid {
            let key = bytes.int16()
            bytes.skip(2)
            if let newest = Call(rawValue: key)?.newest { bytes.lower(to: newest) }
            bytes.skip(2)
            if version >= 3 { bytes.skip(bytes.varint()) }
        }
        return bytes.isValid ? bytes.all : nil
    }
}
