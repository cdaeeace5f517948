import Foundation
import Synchronization

/// A Kafka that is strict about transactions, sequence numbers and sizes, in a process of its own:
/// `Tests/Clients/strict_kafka`. It ends with the test process, however that ends.
public final class StrictKafka: Sendable {
    public let address: String
    private let process: Process
    private let input: FileHandle
    private let output: Mutex<FileHandle>

    /// Blocks: on a thread of its own.
    public init() throws {
        let (input, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        // No compiled files are left in the checkout.
        process.arguments = ["-B", TestPaths.root.appending(path: "Tests/Clients/strict_kafka").path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        self.input = input.fileHandleForWriting
        let announced = try Self.line(output.fileHandleForReading)
        self.output = Mutex(output.fileHandleForReading)
        let variable = "KAFKA_BOOTSTRAP_SERVERS="
        guard announced.hasPrefix(variable) else { throw TestFailure("the strict Kafka said '\(announced)'") }
        address = String(announced.dropFirst(variable.count))
    }

    /// One line of its control protocol, such as `lose end-txn`; what follows `ok` in the answer.
    @discardableResult
    public func control(_ line: String) throws -> String {
        let answer = try output.withLock { output in
            try input.write(contentsOf: Data((line + "\n").utf8))
            return try Self.line(output)
        }
        guard answer.hasPrefix("ok") else { throw TestFailure("the strict Kafka answered '\(answer)' to '\(line)'") }
        return String(answer.dropFirst("ok ".count))
    }

    /// The sum of what it counts under names that begin so: `end-txn:` is what was refused, `expired` are transactions.
    public func count(of prefix: String) throws -> Int {
        try control("status").split(separator: " ").filter { $0.hasPrefix(prefix) }
            .compactMap { Int($0.drop { $0 != "=" }.dropFirst()) }.reduce(0, +)
    }

    public func close() { try? input.close() }

    deinit { close() }

    private static func line(_ output: FileHandle) throws -> String {
        var line: [UInt8] = []
        while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}
