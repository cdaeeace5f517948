import Glibc
import Values

/// Reads typed settings from environment variables and collects what is wrong with them.
///
/// A getter that meets a bad value notes the problem and returns the default, so that one start names all mistakes.
/// Call ``finish()`` after the last getter.
public final class EnvironmentReader {
    private let variables: [String: String]
    private var problems: [ConfigurationError.Problem] = []
    private var known: Set<String> = []
    /// For a reader of one of several alike: the reader it was made of, which collects the problems of all.
    private let root: EnvironmentReader?
    /// The variable that a value really came from, where that is another one than was asked for.
    public let origins: [String: String]

    public init(_ variables: [String: String] = EnvironmentReader.process()) {
        self.variables = variables
        root = nil
        origins = [:]
    }

    private init(_ root: EnvironmentReader, suffix: String, among suffixes: [String]) {
        var variables = root.variables.filter { variable in !suffixes.contains { variable.key.hasSuffix($0) } }
        var origins: [String: String] = [:]
        for (name, value) in root.variables where name.hasSuffix(suffix) && !value.isEmpty {
            let plain = String(name.dropLast(suffix.count))
            let twin = plain.hasSuffix("_FILE") ? String(plain.dropLast("_FILE".count)) : plain + "_FILE"
            if root.variables[twin + suffix, default: ""].isEmpty { variables[twin] = nil }
            variables[plain] = value
            origins[plain] = name
        }
        self.root = root
        self.variables = variables
        self.origins = origins
    }

    /// A reader for one of several things that are configured alike: `NAME` + `suffix` wins over `NAME`, which all
    /// share. A value of its own also wins over a shared `NAME_FILE`, and the other way round. Its problems end up
    /// here.
    ///
    /// - Parameter suffixes: of all of them, this one included.
    public func scoped(suffix: String, among suffixes: [String]) -> EnvironmentReader {
        EnvironmentReader(root ?? self, suffix: suffix, among: suffixes)
    }

    /// The environment of this process.
    public static func process() -> [String: String] {
        var found: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                found[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        return found
    }

    /// All variables as given, for settings that pass through to a library.
    public var all: [String: String] { variables }

    /// - Throws: ``ConfigurationError`` with all problems met so far.
    public func finish() throws(ConfigurationError) {
        if let root { return try root.finish() }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    /// Notes a problem that a caller found in a value.
    public func report(_ variable: String, _ message: String) {
        if let root { return root.report(origins[variable] ?? variable, message) }
        let problem = ConfigurationError.Problem(variable: variable, message: message)
        // Several that share a value find the same fault in it.
        if !problems.contains(problem) { problems.append(problem) }
    }

    private func note(_ variable: String) {
        known.insert(variable)
        guard let root else { return }
        root.known.insert(variable)
        if let origin = origins[variable] { root.known.insert(origin) }
    }

    /// Names the variables that start with `prefix` and that no getter asked for: most likely misspelt.
    public func reportUnknown(prefix: String) {
        for name in variables.keys.sorted() where name.hasPrefix(prefix) && !known.contains(name) {
            report(name, "unknown setting; check the spelling against the documentation")
        }
    }

    /// nil when the variable is unset or empty.
    public func optionalString(_ name: String) -> String? {
        note(name)
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    public func string(_ name: String, default fallback: String) -> String {
        optionalString(name) ?? fallback
    }

    /// A value that may instead sit in the file that `NAME_FILE` names; line feeds at the end of the file are dropped.
    ///
    /// - Parameter fault: what is wrong with a value, without quoting it. It is reported of the variable the value came
    ///   from.
    public func secret(_ name: String, fault: (String) -> String? = { _ in nil }) -> String? {
        let direct = optionalString(name)
        guard let path = optionalString(name + "_FILE") else { return checked(direct, name, fault) }
        guard direct == nil else {
            report(name, "set either \(name) or \(name)_FILE, not both")
            return direct
        }
        do {
            return checked(try SecretFile.read(path), name + "_FILE", fault)
        } catch {
            report(name + "_FILE", "\(error)")
            return nil
        }
    }

    private func checked(_ value: String?, _ variable: String, _ fault: (String) -> String?) -> String? {
        if let value, let fault = fault(value) { report(variable, fault) }
        return value
    }

    public func int(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = optionalString(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            report(name, "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return value
    }

    /// A TCP port; 0 asks the system for a free one.
    public func port(_ name: String, default fallback: Int) -> Int {
        int(name, default: fallback, in: 0...65535)
    }

    public func bool(_ name: String, default fallback: Bool) -> Bool {
        guard let text = optionalString(name) else { return fallback }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default:
            report(name, "'\(text)' is not true or false")
            return fallback
        }
    }

    /// A number with a unit: `250ms`, `30s`, `5m`, `24h`, `7d`.
    public func duration(
        _ name: String, default fallback: Duration, in range: ClosedRange<Duration> = .zero ... .seconds(366 * 86400)
    ) -> Duration {
        guard let text = optionalString(name) else { return fallback }
        guard let value = DurationText.parse(text) else {
            report(name, "'\(text)' is not a duration such as 250ms, 30s, 5m, 24h or 7d")
            return fallback
        }
        guard range.contains(value) else {
            report(name, "'\(text)' is outside \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return value
    }

    /// One of a few words.
    public func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default fallback: Choice) -> Choice
    where Choice.RawValue == String {
        guard let text = optionalString(name) else { return fallback }
        guard let value = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            report(name, "'\(text)' is not one of: \(words)")
            return fallback
        }
        return value
    }
}
