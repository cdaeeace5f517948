import CRDKafka
import Values

/// The error of this module. Its description is safe to log: it never holds values of secret properties.
public struct KafkaError: Error, Sendable, CustomStringConvertible {
    /// Kafka's or librdkafka's number for the failure.
    public let code: KafkaErrorCode
    /// A sentence for an operator; configuration errors name the environment variable.
    public let message: String
    /// The same call may be made again.
    public let isRetriable: Bool
    /// The client instance can no longer be used.
    public let isFatal: Bool
    /// The current transaction must be aborted before anything else.
    public let requiresAbort: Bool

    /// - Parameters:
    ///   - message: one line, safe to log.
    ///   - isRetriable: nil takes the answer from the code's disposition.
    public init(
        _ code: KafkaErrorCode, _ message: String, isRetriable: Bool? = nil, isFatal: Bool = false,
        requiresAbort: Bool = false
    ) {
        self.code = code
        self.message = message
        self.isRetriable = isRetriable ?? (code.disposition == .transient && !isFatal && !requiresAbort)
        self.isFatal = isFatal
        self.requiresAbort = requiresAbort
    }

    /// Another producer of the same `transactional.id`, or another member, took over.
    public var isFenced: Bool { code.disposition == .fenced }

    /// The code's name and number, and the message.
    public var description: String { "\(code.name) (\(code.rawValue)): \(message)" }
}

extension KafkaError {
    /// Throws the error of a call that answers with a code; `doing` begins the message.
    static func check(_ error: rd_kafka_resp_err_t, _ doing: @autoclosure () -> String) throws(KafkaError) {
        if error == RD_KAFKA_RESP_ERR_NO_ERROR { return }
        let code = KafkaErrorCode(error)
        throw KafkaError(code, "\(doing()): \(code.explanation)", isFatal: code == .fatal)
    }

    /// The same for a call that answers with an error object, which is destroyed here.
    static func check(object: OpaquePointer?, _ doing: @autoclosure () -> String) throws(KafkaError) {
        guard let object else { return }
        defer { rd_kafka_error_destroy(object) }
        throw KafkaError(
            KafkaErrorCode(rd_kafka_error_code(object)),
            "\(doing()): \(String(cString: rd_kafka_error_string(object)))",
            isRetriable: rd_kafka_error_is_retriable(object) != 0,
            isFatal: rd_kafka_error_is_fatal(object) != 0,
            requiresAbort: rd_kafka_error_txn_requires_abort(object) != 0)
    }
}

// MARK: - Settings

/// One setting that cannot be used.
public struct KafkaSettingFault: Error, Equatable, Sendable {
    /// The environment variable that the setting came from, or would come from.
    public let variable: String
    /// What is wrong with the value, in one line, safe to log.
    public let message: String

    init(_ variable: String, _ message: String) {
        self.variable = variable
        // librdkafka ends some of its reasons with a line feed.
        self.message = Escaping.singleLine(message)
    }

    /// The fault as the error of a client that cannot be made.
    var error: KafkaError { KafkaError(.invalidArgument, "\(variable): \(message)") }
}
