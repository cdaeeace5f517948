import Foundation

/// This package, as its manifest describes it.
enum ThisPackage {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let description = Task { try await describe() }

    /// Read once for all tests.
    static func graph() async throws -> PackageGraph {
        try PackageGraph(description: try await description.value)
    }

    /// `swift test` may hold the lock of `.build`. A scratch folder of its own has a lock of its own.
    private static func describe() async throws -> Data {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "package-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let output = scratch.appending(path: "description.json")
        let errors = scratch.appending(path: "errors.txt")
        for file in [output, errors] {
            try Data().write(to: file)
        }

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // SWIFT may hold arguments too: the scripts use it unquoted.
        let swift = ProcessInfo.processInfo.environment["SWIFT"] ?? ""
        process.arguments =
            (swift.isEmpty ? "swift" : swift).split(separator: " ").map(String.init) + [
                "package", "dump-package", "--package-path", root.path(), "--scratch-path",
                scratch.appending(path: "build").path(),
            ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else {
            throw NoDescription(status: status, errors: try String(contentsOf: errors, encoding: .utf8))
        }
        return try Data(contentsOf: output)
    }

    struct NoDescription: Error, CustomStringConvertible {
        let status: Int32
        let errors: String

        var description: String { "swift package dump-package ended with \(status): \(errors)" }
    }
}
