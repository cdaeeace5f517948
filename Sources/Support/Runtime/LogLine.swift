import Logging
import Threads
import Values

/// One log event, formatted.
struct LogLine {
    let timestamp: String
    let level: Logger.Level
    let label: String
    let message: String
    let metadata: Logger.Metadata

    var text: String {
        var line = "\(timestamp) \(level.rawValue.uppercased()) \(label): \(Self.escapeControls(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Self.escapeControls("\(value)"))"
        }
        return line
    }

    var json: String {
        var line = "{\"time\":\"\(timestamp)\",\"level\":\"\(level.rawValue)\",\"logger\":\(Self.quote(label))"
        line += ",\"message\":\(Self.quote(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ",\(Self.quote(key)):\(Self.quote("\(value)"))"
        }
        return line + "}"
    }

    /// RFC 3339 in UTC with milliseconds.
    static func now() -> String {
        CivilTime(microsecondsSince1970: WallClock.microsecondsSince1970).rfc3339(.milliseconds)
    }

    /// Outside text must not be able to forge a second log line or steer a terminal.
    private static func escapeControls(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? $0.escaped(asASCII: true) : String($0) }
            .joined()
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
