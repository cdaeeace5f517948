/// One file of `migrations/`, named as Flyway names them: `V0001__event_store.sql`.
public struct Migration: Sendable {
    public let version: Int
    public let name: String
    public let sql: [UInt8]

    /// nil unless `fileName` is `V<digits>__<words>.sql`.
    init?(fileName: String, sql: [UInt8]) {
        guard fileName.hasPrefix("V"), fileName.hasSuffix(".sql") else { return nil }
        let stem = fileName.dropFirst().dropLast(4)
        let digits = stem.prefix { $0.isASCII && $0.isNumber }
        let rest = stem.dropFirst(digits.count)
        guard let version = Int(digits), rest.hasPrefix("__"), rest.count > 2 else { return nil }
        self.version = version
        self.name = String(rest.dropFirst(2))
        self.sql = sql
    }

    var fileName: String {
        "V" + String(repeating: "0", count: max(0, 4 - "\(version)".count)) + "\(version)__\(name).sql"
    }
}
