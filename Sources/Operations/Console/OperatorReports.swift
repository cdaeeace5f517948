import FoundationEssentials
import Operations

/// What `outboxctl verify` has left: the last audit, if any.
struct OperatorReports: Encodable {
    /// A file as it is.
    struct Report: Encodable {
        var name: String
        var writtenAt: Moment
        /// The content; nil if it is too large or no UTF-8.
        var text: String?
        /// Why there is no text.
        var note: String?
    }

    /// Where they are looked for; nil if no folder is configured.
    var folder: String?
    var reports: [Report]

    /// The files that are looked for.
    static let names = ["audit.json", "audit.txt"]

    static func read(_ folder: String?) throws -> OperatorReports {
        guard let folder else { return OperatorReports(reports: []) }
        return OperatorReports(folder: folder, reports: names.compactMap { report(folder + "/" + $0, $0) })
    }

    private static func report(_ path: String, _ name: String) -> Report? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let date = attributes[.modificationDate] as? Date
        else { return nil }
        let at = Moment(microseconds: Int64(date.timeIntervalSince1970 * 1_000_000))
        guard (attributes[.size] as? Int).map({ $0 <= ConsoleLimits.reportBytes }) == true else {
            return Report(name: name, writtenAt: at, note: "it has more than \(ConsoleLimits.reportBytes) bytes")
        }
        guard let bytes = try? Data(contentsOf: URL(filePath: path)),
            let text = String(validating: bytes, as: UTF8.self)
        else { return Report(name: name, writtenAt: at, note: "it cannot be read as UTF-8") }
        return Report(name: name, writtenAt: at, text: text)
    }
}
