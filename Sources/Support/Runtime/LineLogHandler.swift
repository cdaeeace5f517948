import Glibc
public import Logging

/// Writes each log event as one line to standard error, in one `write`, so that lines of several threads never mix.
public struct LineLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    private let label: String
    private let format: LogFormat

    public init(label: String, format: LogFormat, level: Logger.Level) {
        self.label = label
        self.format = format
        self.logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = LogLine(
            timestamp: LogLine.now(), level: event.level, label: label, message: event.message.description,
            metadata: merged)
        var text = format == .json ? line.json : line.text
        text.append("\n")
        text.withUTF8 { bytes in
            // Standard error that is gone has nobody to tell.
            _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
