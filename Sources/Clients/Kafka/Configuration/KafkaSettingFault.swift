/// What is wrong with one setting: the environment variable it came from, and why.
public struct KafkaSettingFault: Error, Equatable, Sendable {
    public let variable: String
    /// One line, safe to log.
    public let message: String

    init(_ variable: String, _ message: String) {
        self.variable = variable
        // librdkafka ends some of its reasons with a line feed.
        self.message = message.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    var error: KafkaError { KafkaError(.invalidArgument, "\(variable): \(message)") }
}
