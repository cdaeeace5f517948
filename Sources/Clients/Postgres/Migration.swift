import Glibc
import Threads

/// One file of `migrations/`, named as Flyway names them: `V0001__event_store.sql`.
struct Migration: Sendable {
    /// The digits after `V`.
    let version: Int
    /// The words after `__`.
    let name: String
    /// The content of the file.
    let sql: [UInt8]

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

    /// The canonical name, with four digits at least.
    var fileName: String {
        "V" + String(repeating: "0", count: max(0, 4 - "\(version)".count)) + "\(version)__\(name).sql"
    }
}

/// Reads migration files with plain POSIX calls.
enum MigrationDirectory {
    /// The largest migration, in bytes; a larger file is the wrong file.
    static let maximumFileBytes = 4 << 20

    /// All `V*.sql` files, in order of version.
    ///
    /// - Throws: ``PostgresError`` with code `migration`.
    static func read(_ path: String) throws(PostgresError) -> [Migration] {
        var found: [Int: Migration] = [:]
        for name in try fileNames(in: path) where name.hasSuffix(".sql") {
            guard let migration = Migration(fileName: name, sql: try contents(of: path + "/" + name)) else {
                throw PostgresError(.migration, "\(name) is not named like V0001__what_it_does.sql")
            }
            if let other = found.updateValue(migration, forKey: migration.version) {
                throw PostgresError(.migration, "\(name) and \(other.fileName) have the same version")
            }
        }
        guard !found.isEmpty else { throw PostgresError(.migration, "no V*.sql file in \(path)") }
        return found.values.sorted { $0.version < $1.version }
    }

    private static func fileNames(in path: String) throws(PostgresError) -> [String] {
        guard let directory = opendir(path) else {
            throw PostgresError(.migration, SystemError("cannot read the migrations directory \(path)").description)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    private static func contents(of path: String) throws(PostgresError) -> [UInt8] {
        guard let file = fopen(path, "r") else {
            throw PostgresError(.migration, SystemError("cannot read \(path)").description)
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while case let length = fread(&chunk, 1, chunk.count, file), length > 0 {
            bytes.append(contentsOf: chunk[..<length])
            guard bytes.count <= maximumFileBytes else {
                throw PostgresError(.migration, "\(path) is larger than \(maximumFileBytes) bytes")
            }
        }
        return bytes
    }
}
