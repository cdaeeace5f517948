import Glibc

/// Reads migration files with plain POSIX calls.
enum MigrationDirectory {
    /// A migration beyond this many bytes is not a migration.
    static let maximumFileBytes = 4 << 20

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
            throw PostgresError(
                .migration, "cannot read the migrations directory \(path): \(String(cString: strerror(errno)))")
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
            throw PostgresError(.migration, "cannot read \(path): \(String(cString: strerror(errno)))")
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
