import Glibc
import Values

/// Reads typed settings from environment variables and collects the problems with them.
///
/// A getter that meets a bad value notes the problem and returns the default, so that one start names all mistakes.
/// Call ``finish()`` after the last getter. A variable that is empty counts as unset. Not thread-safe.
public final class EnvironmentReader {
    private let variables: [String: String]
    private var problems: [ConfigurationError.Problem] = []
    private var known: Set<String> = []
    private var effective: [String: EffectiveSetting] = [:]
    /// For a reader made by ``scoped(suffix:among:)``: the reader it was made from, which collects all problems.
    private let root: EnvironmentReader?
    /// For a scoped reader: the variable that a value came from, by the variable that is asked for. Only where the two
    /// differ.
    public let origins: [String: String]

    /// - Parameter variables: names and values; by default the environment of this process.
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

    /// A reader for one of several things that are configured alike, such as several outboxes.
    ///
    /// The variable `NAME` + `suffix` wins over `NAME`, which all of them share. A value with the suffix also wins over
    /// a shared `NAME_FILE`, and a file with the suffix over a shared value. Problems are collected by this reader.
    ///
    /// - Parameter suffixes: the suffixes of all of them, this one included.
    public func scoped(suffix: String, among suffixes: [String]) -> EnvironmentReader {
        assert(suffixes.contains(suffix), "variables with this suffix would be taken for names")
        return EnvironmentReader(root ?? self, suffix: suffix, among: suffixes)
    }

    /// The environment of this process, names and values.
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
    ///
    /// - Parameter message: one line that does not quote a secret.
    public func report(_ variable: String, _ message: String) {
        if let root { return root.report(origins[variable] ?? variable, message) }
        let problem = ConfigurationError.Problem(variable: variable, message: message)
        // Scoped readers that share a value find the same fault in it.
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// Remembers that the variable is a setting of this process.
    private func note(_ variable: String) {
        known.insert(variable)
        guard let root else { return }
        root.known.insert(variable)
        if let origin = origins[variable] { root.known.insert(origin) }
    }

    /// The settings that the getters were asked for, and those that pass through to libraries, by name. Secrets are
    /// masked.
    public var effectiveSettings: [EffectiveSetting] {
        let passed = variables.filter { EffectiveSetting.isPassedThrough($0.key) && !$0.value.isEmpty }.map {
            name, value in
            let isFile = name.hasSuffix("_FILE")
            return EffectiveSetting(
                name: name, value: !isFile && EffectiveSetting.isSecret(name) ? EffectiveSetting.masked : value,
                source: .environment)
        }
        return (effective.values + passed.filter { effective[$0.name] == nil }).sorted { $0.name < $1.name }
    }

    /// Remembers which value is in effect. The last getter of a variable knows best: it has the default.
    private func note(_ variable: String, is value: String, from source: EffectiveSetting.Source? = nil) {
        let name = origins[variable] ?? variable
        let isSet = !(variables[variable] ?? "").isEmpty
        (root ?? self).effective[name] = EffectiveSetting(
            name: name, value: value, source: source ?? (isSet ? .environment : .standard))
    }

    /// Notes a problem for every variable that starts with `prefix` and that no getter has asked for: most likely its
    /// name is misspelt. Call it after the last getter.
    public func reportUnknown(prefix: String) {
        for name in variables.keys.sorted() where name.hasPrefix(prefix) && !known.contains(name) {
            report(name, "unknown setting; check the spelling against the documentation")
        }
    }

    /// The value; nil when the variable is unset or empty.
    public func optionalString(_ name: String) -> String? {
        let value = plain(name)
        note(name, is: value ?? "")
        return value
    }

    /// The same without a note of the value, which may be a secret.
    private func plain(_ name: String) -> String? {
        note(name)
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// A value, or the default in words, which is noted.
    private func noting(_ name: String, _ fallback: String) -> String? {
        let value = plain(name)
        note(name, is: value ?? fallback)
        return value
    }

    /// The value, or the default.
    public func string(_ name: String, default fallback: String) -> String {
        noting(name, fallback) ?? fallback
    }

    /// A value that may instead be in the file that `NAME_FILE` names; see ``Values/SecretFile``. Setting both is a
    /// problem. Blocks while it reads the file.
    ///
    /// - Parameter fault: says what is wrong with a value, without quoting it; nil for a good value. The problem names
    ///   the variable that the value came from.
    /// - Returns: nil when neither variable is set, or when the file cannot be read.
    public func secret(_ name: String, fault: (String) -> String? = { _ in nil }) -> String? {
        let direct = plain(name)
        guard let path = plain(name + "_FILE") else {
            note(name, is: direct == nil ? "" : EffectiveSetting.masked)
            return checked(direct, name, fault)
        }
        note(name, is: EffectiveSetting.masked, from: .file)
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

    /// A whole number within `range`, in decimal digits.
    public func int(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = noting(name, "\(fallback)") else { return fallback }
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

    /// `true`, `1`, `yes`, `on` or `false`, `0`, `no`, `off`, in either case.
    public func bool(_ name: String, default fallback: Bool) -> Bool {
        guard let text = noting(name, "\(fallback)") else { return fallback }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default:
            report(name, "'\(text)' is not true or false")
            return fallback
        }
    }

    /// A whole number with a unit, `250ms`, `30s`, `5m`, `24h` or `7d`, within `range`; see ``Values/DurationText``.
    public func duration(
        _ name: String, default fallback: Duration, in range: ClosedRange<Duration> = .zero ... .seconds(366 * 86400)
    ) -> Duration {
        guard let text = noting(name, DurationText.text(fallback)) else { return fallback }
        guard let value = DurationText.parse(text) else {
            report(name, "'\(text)' is not a duration such as 250ms, 30s, 5m, 24h or 7d")
            return fallback
        }
        guard range.contains(value) else {
            let (least, most) = (DurationText.text(range.lowerBound), DurationText.text(range.upperBound))
            report(name, "'\(text)' is outside \(least) to \(most)")
            return fallback
        }
        return value
    }

    /// One of the raw values of `Choice`, in the case in which they are written.
    public func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default fallback: Choice) -> Choice
    where Choice.RawValue == String {
        guard let text = noting(name, fallback.rawValue) else { return fallback }
        guard let value = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            report(name, "'\(text)' is not one of: \(words)")
            return fallback
        }
        return value
    }
}

// MARK: - Database

extension EnvironmentReader {
    /// `DATABASE_URL`, or the content of the file that `DATABASE_URL_FILE` names.
    ///
    /// - Parameter fault: says what is wrong with a URL, without quoting it: it holds a password.
    /// - Returns: an empty text where libpq's own `PG*` variables and defaults are to say where the database is.
    public func databaseURL(fault: (String) -> String?) -> String {
        let url = secret("DATABASE_URL", fault: fault)
        // `DATABASE_URL=$OTHER` with OTHER unset leaves the variable empty: libpq's defaults were not meant then.
        if url == nil, all["DATABASE_URL"] == "", optionalString("DATABASE_URL_FILE") == nil,
            Self.whereabouts.allSatisfy({ all[$0, default: ""].isEmpty })
        {
            report(
                "DATABASE_URL", "is empty; set it, or unset it to connect as PGHOST, PGSERVICE and libpq's defaults say"
            )
        }
        return url ?? ""
    }

    /// libpq's own variables that say where the database is.
    private static let whereabouts = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT"]
}
