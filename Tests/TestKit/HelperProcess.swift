import Foundation
import Synchronization

/// A process that obeys lines on its standard input and answers each with a line on its standard output.
///
/// It is to end at the end of its input: the kernel closes the pipe however the test process ends, a crash included, so
/// no helper outlives its tests. All calls block: use a thread of its own.
final class HelperProcess: Sendable {
    private let process: Process
    private let input: FileHandle
    private let output: Mutex<FileHandle>

    init(_ executable: String, _ arguments: [String]) throws {
        let (input, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        self.input = input.fileHandleForWriting
        self.output = Mutex(output.fileHandleForReading)
        try process.run()
    }

    deinit { end() }

    /// Ends the helper's input.
    func end() { try? input.close() }

    /// The next line that the helper writes, without its line end; empty if the helper has ended.
    func line() throws -> String {
        try output.withLock { try Self.line($0) }
    }

    /// Sends a line and returns the helper's answer. One thread at a time has its turn.
    func ask(_ line: String) throws -> String {
        try output.withLock { output in
            try input.write(contentsOf: Data((line + "\n").utf8))
            return try Self.line(output)
        }
    }

    private static func line(_ output: FileHandle) throws -> String {
        var line: [UInt8] = []
        while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}

/// A new directory for a helper's files. The helper removes it.
func temporaryDirectory(_ name: String) throws -> String {
    var template = FileManager.default.temporaryDirectory.appending(path: "\(name)-XXXXXX").path.utf8CString.map { $0 }
    guard let made = mkdtemp(&template) else { throw TestFailure("mkdtemp failed: errno \(errno)") }
    return String(cString: made)
}
