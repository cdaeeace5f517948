import CLibPQ

/// Checks a connection URL before libpq does: libpq quotes a URL that it cannot use, and with it parts of the password.
public enum PostgresURL {
    /// Says what is wrong with a connection URL or keyword string, without quoting it; nil if libpq can use it.
    /// Connects nowhere.
    ///
    /// A URL that libpq would split at the wrong place, because a character of the password is not encoded, is refused,
    /// too.
    public static func fault(_ text: String) -> String? {
        let isURL = text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
        guard isURL || text.contains("=") else { return "is neither \(shapes)" }
        if isURL, hasStrayAt(text) { return "has an @ too many; \(encoding)" }
        guard let options = parse(text) else { return isURL ? "cannot be read; \(encoding)" : "is neither \(shapes)" }
        return fault(in: options)
    }

    private static let encoding =
        "in user name and password write @ as %40, : as %3A, / as %2F, ? as %3F, % as %25, and # as %23"
    private static let shapes =
        "a URL, postgresql://user:password@host:5432/database, nor keywords, host=... dbname=... user=..."

    /// libpq takes the first @ before any slash as the end of user name and password; a second one ends up in the
    /// host's name.
    private static func hasStrayAt(_ text: String) -> Bool {
        guard let scheme = text.firstRange(of: "://") else { return false }
        var rest = text[scheme.upperBound...]
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            rest = rest[end...].dropFirst()
        }
        return rest.prefix { $0 != "?" }.contains("@")
    }

    /// The keywords that the text sets; nil if libpq cannot read it. libpq's reason is dropped: it quotes the text.
    static func parse(_ text: String) -> [String: String]? {
        var reason: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(text, &reason)
        defer {
            PQconninfoFree(options)
            PQfreemem(reason)
        }
        guard var option = options else { return nil }
        var found: [String: String] = [:]
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return found
    }

    private static func fault(in options: [String: String]) -> String? {
        // The name of an abstract socket begins with an @; no other @ is allowed.
        if options["host", default: ""].split(separator: ",").contains(where: { $0.dropFirst().contains("@") }) {
            return "has a host with an @ in it; \(encoding)"
        }
        if options["dbname", default: ""].contains("://") {
            return "has a URL for a database name; give one or the other"
        }
        for port in options["port", default: ""].split(separator: ",") where !(1...65535).contains(Int(port) ?? 0) {
            return "has a port that is no number from 1 to 65535; \(encoding)"
        }
        if let mode = options["sslmode"], !sslModes.contains(mode) {
            return "has an sslmode that is none of \(sslModes.joined(separator: ", "))"
        }
        return nil
    }

    private static let sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
}
