import CRDKafka

/// The one error of this module. Its description is safe to log: values of secret properties never get into it.
public struct KafkaError: Error, Sendable, CustomStringConvertible {
    public let code: KafkaErrorCode
    /// A sentence for an operator; configuration errors name the environment variable.
    public let message: String
    /// The same call may be made again.
    public let isRetriable: Bool
    /// The client instance can no longer be used.
    public let isFatal: Bool
    /// The current transaction must be aborted before anything else.
    public let requiresAbort: Bool

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

    /// The topic or partition does not exist (or no longer does).
    public var isTopicGone: Bool { code.isTopicGone }

    /// Another producer or member took over.
    public var isFenced: Bool { code.disposition == .fenced }

    public var description: String { "\(code.name) (\(code.rawValue)): \(message)" }
}

extension KafkaError {
    /// For the calls that answer with a bare code.
    static func check(_ error: rd_kafka_resp_err_t, _ doing: @autoclosure () -> String) throws(KafkaError) {
        if error == RD_KAFKA_RESP_ERR_NO_ERROR { return }
        let code = KafkaErrorCode(error)
        throw KafkaError(code, "\(doing()): \(code.explanation)", isFatal: code == .fatal)
    }

    /// For the calls that answer with an error object, which is destroyed here.
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
