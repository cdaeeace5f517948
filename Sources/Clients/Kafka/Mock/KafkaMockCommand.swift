/// One line of the mock cluster's control protocol: words separated by blanks.
enum KafkaMockCommand: Equatable {
    /// A broker is an id from 1; nil is every broker.
    case down(broker: Int32?)
    case up(broker: Int32?)
    case latency(milliseconds: Int32, broker: Int32?)
    /// The next `count` requests of the kind `apiKey` fail with `code`.
    case errors(apiKey: Int16, count: Int, code: KafkaErrorCode)
    case clearErrors(apiKey: Int16)
    /// nil leaves the partition without a leader.
    case leader(topic: String, partition: Int32, broker: Int32?)
    case coordinator(KafkaMockCluster.CoordinatorKind, key: String, broker: Int32)
    case topic(String, partitions: Int)
    /// `.none` ends the error.
    case topicError(String, KafkaErrorCode)
    case status
    case help

    /// The form of each command, for `help` and for answers to a malformed one.
    static let usage = [
        "down [BROKER]", "up [BROKER]", "latency MILLISECONDS [BROKER]", "errors APIKEY COUNT CODE",
        "clear-errors APIKEY", "leader TOPIC PARTITION BROKER|none", "coordinator group|transaction KEY BROKER",
        "topic NAME PARTITIONS", "topic-error NAME CODE|none", "status", "help",
    ]

    /// A line that is no command; `message` has the expected form.
    struct Malformed: Error, Equatable {
        let message: String
    }

    /// - Throws: ``Malformed`` for a line that is no command.
    init(line: String) throws(Malformed) {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let verb = words.first else { throw Malformed(message: "empty line; try help") }
        let arguments = Array(words.dropFirst())
        self = try Self.parse(verb, arguments)
    }

    private static func parse(_ verb: String, _ arguments: [String]) throws(Malformed) -> KafkaMockCommand {
        switch (verb, arguments.count) {
        case ("down", 0): return .down(broker: nil)
        case ("down", 1): return .down(broker: try integer(arguments[0], "broker"))
        case ("up", 0): return .up(broker: nil)
        case ("up", 1): return .up(broker: try integer(arguments[0], "broker"))
        case ("latency", 1): return .latency(milliseconds: try latency(arguments[0]), broker: nil)
        case ("latency", 2):
            return .latency(milliseconds: try latency(arguments[0]), broker: try integer(arguments[1], "broker"))
        case ("errors", 3):
            let count: Int = try integer(arguments[1], "count")
            guard (1...KafkaLimits.controlErrorsPerCommand).contains(count) else {
                throw Malformed(message: "count must be 1 to \(KafkaLimits.controlErrorsPerCommand)")
            }
            return .errors(apiKey: try apiKey(arguments[0]), count: count, code: try code(arguments[2]))
        case ("clear-errors", 1): return .clearErrors(apiKey: try apiKey(arguments[0]))
        case ("leader", 3):
            let broker: Int32? = arguments[2] == "none" ? nil : try integer(arguments[2], "broker")
            return .leader(topic: arguments[0], partition: try integer(arguments[1], "partition"), broker: broker)
        case ("coordinator", 3):
            guard let kind = KafkaMockCluster.CoordinatorKind(rawValue: arguments[0]) else {
                throw Malformed(message: "coordinator of group or transaction, not \(arguments[0])")
            }
            return .coordinator(kind, key: arguments[1], broker: try integer(arguments[2], "broker"))
        case ("topic", 2): return .topic(arguments[0], partitions: try integer(arguments[1], "partitions"))
        case ("topic-error", 2):
            return .topicError(arguments[0], arguments[1] == "none" ? .none : try code(arguments[1]))
        case ("status", 0): return .status
        case ("help", 0): return .help
        default: return try refuse(verb)
        }
    }

    private static func refuse(_ verb: String) throws(Malformed) -> KafkaMockCommand {
        let expected = usage.first { $0 == verb || $0.hasPrefix(verb + " ") }
        throw Malformed(message: expected.map { "usage: \($0)" } ?? "unknown command \"\(verb.prefix(40))\"; try help")
    }

    private static func integer<T: FixedWidthInteger>(_ word: String, _ what: String) throws(Malformed) -> T {
        guard let value = T(word) else {
            throw Malformed(message: "\(what) must be a number, not \"\(word.prefix(40))\"")
        }
        return value
    }

    private static func latency(_ word: String) throws(Malformed) -> Int32 {
        let milliseconds: Int32 = try integer(word, "latency")
        guard (0...Int32(KafkaLimits.mockLatencyMilliseconds)).contains(milliseconds) else {
            throw Malformed(message: "latency must be 0 to \(KafkaLimits.mockLatencyMilliseconds) ms")
        }
        return milliseconds
    }

    private static let apiKeys: [String: Int16] = [
        "produce": 0, "fetch": 1, "list-offsets": 2, "metadata": 3, "offset-commit": 8, "offset-fetch": 9,
        "find-coordinator": 10, "join-group": 11, "heartbeat": 12, "sync-group": 14, "init-producer-id": 22,
        "add-partitions-to-txn": 24, "end-txn": 26,
    ]

    private static func apiKey(_ word: String) throws(Malformed) -> Int16 {
        if let known = apiKeys[word.lowercased()] { return known }
        let number: Int16 = try integer(word, "API key")
        guard (0...100).contains(number) else { throw Malformed(message: "API key must be 0 to 100") }
        return number
    }

    private static func code(_ word: String) throws(Malformed) -> KafkaErrorCode {
        if let number = Int32(word) { return KafkaErrorCode(rawValue: number) }
        guard let code = KafkaErrorCode(name: word.uppercased()) else {
            throw Malformed(message: "unknown error code \"\(word.prefix(60))\"")
        }
        return code
    }
}
