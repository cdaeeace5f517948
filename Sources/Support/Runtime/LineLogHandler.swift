import Logging
import Threads
import Values

/// The form of log lines.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `TIME LEVEL LOGGER: MESSAGE KEY=VALUE …`, for people.
    case text
    /// One JSON object a line, for collectors; metadata are members beside `time`, `level`, `logger` and `message`.
    case json
}

/// Hands each log event as one line to a ``LogOutput``; never blocks.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let label: String
    private let format: LogFormat
    private let output: LogOutput

    init(label: String, format: LogFormat, level: Logger.Level, output: LogOutput) {
        self.label = label
        self.format = format
        self.output = output
        self.logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = LogLine(
            timestamp: LogLine.now(), level: event.level, label: label, message: event.message.description,
            metadata: merged)
        output.append(line.formatted(format))
    }
}

/// One log event, to be formatted. Metadata are sorted by key.
struct LogLine {
    /// RFC 3339.
    let timestamp: String
    let level: Logger.Level
    /// The name of the logger.
    let label: String
    let message: String
    let metadata: Logger.Metadata

    /// The line that says how many lines the output did not take in time.
    static func aboutDropped(_ gap: LogOutput.Gap, label: String) -> LogLine {
        LogLine(
            timestamp: now(), level: .warning, label: label, message: "log lines dropped: the output took none",
            metadata: ["lines": "\(gap.lines)", "since": "\(gap.since)"])
    }

    /// With the line end.
    func formatted(_ format: LogFormat) -> String {
        switch format {
        case .text: text + "\n"
        case .json: json + "\n"
        }
    }

    /// ``LogFormat/text``, without the line end.
    var text: String {
        var line = "\(timestamp) \(level.rawValue.uppercased()) \(label): \(Escaping.controls(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Escaping.controls("\(value)"))"
        }
        return line
    }

    /// ``LogFormat/json``, without the line end.
    var json: String {
        var line = "{\"time\":\"\(timestamp)\",\"level\":\"\(level.rawValue)\",\"logger\":\(Escaping.json(label))"
        line += ",\"message\":\(Escaping.json(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ",\(Escaping.json(key)):\(Escaping.json("\(value)"))"
        }
        return line + "}"
    }

    /// The time of day, RFC 3339 in UTC with milliseconds.
    static func now() -> String {
        CivilTime(microsecondsSince1970: WallClock.microsecondsSince1970).rfc3339(.milliseconds)
    }
}
