import Foundation
import TestKit

/// A program that runs to its end: curl, psql, Python.
enum Command {
    struct Result: Sendable {
        let exitCode: Int32
        let output: String
        let errors: String
    }

    /// - Parameter environment: added to the test process's own.
    static func run(_ words: [String], environment: [String: String] = [:]) async throws -> Result {
        try await onThread {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = words
            process.currentDirectoryURL = TestPaths.root
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
            let (output, errors) = (Pipe(), Pipe())
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = errors
            try process.run()
            // Errors are small; output may be larger than a pipe holds, so it is read while the program writes.
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            let problem = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return Result(
                exitCode: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
                errors: String(decoding: problem, as: UTF8.self))
        }
    }

    /// The output of a program that must succeed.
    static func output(_ words: [String], environment: [String: String] = [:]) async throws -> String {
        let result = try await run(words, environment: environment)
        guard result.exitCode == 0 else {
            throw TestFailure(
                "\(words.joined(separator: " ")) failed with \(result.exitCode): \(result.errors)\(result.output)")
        }
        return result.output
    }

    /// The Python that has grpcio and the generated stubs.
    static func python() async throws -> String {
        try await output(["scripts/python.sh"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
