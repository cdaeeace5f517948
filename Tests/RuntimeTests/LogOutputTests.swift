import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Runtime

/// The log's way to its output, on real pipes and devices.
struct LogOutputTests {
    private static func note(_ gap: LogOutput.Gap) -> String { "dropped \(gap.lines) since \(gap.since)\n" }

    /// An output that waited for its reader would never come to the end of these lines.
    @Test func aReaderThatStandsStillBlocksNoLine() throws {
        let pipe = try TestPipe()
        let output = try LogOutput(pipe.writeEnd, bounds: .init(bytes: 16_384, lines: 1000), note: Self.note)
        for number in 0..<50_000 { output.append("line \(number)\n") }
        #expect(output.droppedLines > 0)
        // The reader goes on; the line about the gap stands where the dropped lines would.
        var lines: [String] = []
        while !lines.contains(where: { $0.hasPrefix("dropped") }) { lines += pipe.readLines() }
        // The buffer may still be full for a moment; then the line about that comes instead.
        var attempts = 0
        while lines.last != "last" {
            output.append("last\n")
            attempts += 1
            lines += pipe.readLines()
        }
        // A "last" of an earlier attempt may still be on its way.
        output.finish()
        pipe.writeEndOfTest()
        while lines.last != TestPipe.endOfTest { lines += pipe.readLines() }
        let numbers = lines.compactMap { $0.hasPrefix("line ") ? Int($0.dropFirst(5)) : nil }
        #expect(numbers == numbers.sorted())
        let gaps = lines.filter { $0.hasPrefix("dropped ") }
        let dropped = gaps.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +)
        #expect(dropped == output.droppedLines)
        #expect(numbers.count + dropped + lines.count { $0 == "last" } == 50_000 + attempts)
        #expect(gaps.allSatisfy { $0.contains(" since 20") })
    }

    @Test func theBoundOfLinesHolds() throws {
        let pipe = try TestPipe()
        pipe.fill()
        let output = try LogOutput(pipe.writeEnd, bounds: .init(bytes: 1 << 20, lines: 10), note: Self.note)
        for _ in 0..<25 { output.append("x\n") }
        #expect(output.droppedLines == 15)
        output.finish()
    }

    @Test func aLineLongerThanTheBufferIsDropped() throws {
        let pipe = try TestPipe()
        let output = try LogOutput(pipe.writeEnd, bounds: .init(bytes: 100, lines: 10), note: Self.note)
        output.append(String(repeating: "x", count: 200) + "\n")
        #expect(output.droppedLines == 1)
        output.append("short\n")
        output.finish()
        #expect(pipe.readLines().map { $0.prefix(9) } == ["dropped 1", "short"])
    }

    /// Returns at all: a reader that stands still has no say in the end of a process.
    @Test func finishDoesNotWaitForAReaderThatStandsStill() throws {
        let pipe = try TestPipe()
        pipe.fill()
        let output = try LogOutput(pipe.writeEnd, note: Self.note)
        output.append("never read\n")
        output.finish()
        output.append("after the end\n")
        #expect(output.droppedLines == 1)
    }

    @Test func finishWritesTheLastLines() throws {
        let pipe = try TestPipe()
        let output = try LogOutput(pipe.writeEnd, note: Self.note)
        let text = String(repeating: "y", count: 99)
        // More than the pipe holds, so that the reader must read meanwhile.
        for _ in 0..<2000 { output.append(text + "\n") }
        let read = Mutex(0)
        let reader = DispatchQueue(label: "reader")
        reader.async {
            while read.withLock({ $0 }) < 2000 {
                let lines = pipe.readLines()
                read.withLock { $0 += lines.count { $0 == text } }
                if lines.isEmpty { break }
            }
        }
        output.finish()
        reader.sync {}
        #expect(read.withLock { $0 } == 2000)
        #expect(output.droppedLines == 0)
    }

    @Test func aClosedReaderIsCountedAndEndsNothing() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = try TestPipe()
        pipe.closeReadEnd()
        let failed = DispatchSemaphore(value: 0)
        let output = try LogOutput(pipe.writeEnd, note: Self.note) { code in
            if code == EPIPE { failed.signal() }
        }
        output.append("nobody reads\n")
        failed.wait()
        output.finish()
        #expect(output.failedWrites >= 1)
    }

    /// `/dev/full` answers ENOSPC to each write. The line is kept, and written when there is room again.
    @Test func aLineForAFullDiskIsTriedAgain() throws {
        let pipe = try TestPipe()
        let file = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let failed = DispatchSemaphore(value: 0)
        let output = try LogOutput(file, note: Self.note) { code in
            if code == ENOSPC { failed.signal() }
        }
        output.append("kept\n")
        failed.wait()
        dup2(pipe.writeEnd, file)
        #expect(pipe.readLines() == ["kept"])
        #expect(output.failedWrites >= 1 && output.droppedLines == 0)
        output.finish()
    }
}

/// A pipe whose write end blocks, as standard error does.
private final class TestPipe: Sendable {
    let writeEnd: Int32
    private let readEnd: Int32
    private let readEndIsOpen = Atomic(true)

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeReadEnd()
        close(writeEnd)
    }

    func closeReadEnd() {
        if readEndIsOpen.exchange(false, ordering: .relaxed) { close(readEnd) }
    }

    /// Writes until the pipe takes no byte.
    func fill() {
        let flags = fcntl(writeEnd, F_GETFL)
        _ = fcntl(writeEnd, F_SETFL, flags | O_NONBLOCK)
        let bytes = [UInt8](repeating: UInt8(ascii: "z"), count: 4096)
        while write(writeEnd, bytes, bytes.count) > 0 {}
        _ = fcntl(writeEnd, F_SETFL, flags)
    }

    static let endOfTest = "end of test"

    /// Writes a line past the output.
    func writeEndOfTest() {
        let line = Array((Self.endOfTest + "\n").utf8)
        _ = write(writeEnd, line, line.count)
    }

    /// Blocks for bytes, and reads on to the end of a line.
    func readLines() -> [String] {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        repeat {
            let count = read(readEnd, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        } while text.last != UInt8(ascii: "\n")
        return text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

}
