public import Logging
import Threads

/// A failure of a test's surroundings.
public struct TestFailure: Error, CustomStringConvertible {
    /// One line.
    public let description: String

    /// - Parameter description: one line.
    public init(_ description: String) { self.description = description }
}

/// Runs blocking work on a new thread, so that it does not block the cooperative pool.
public func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    let executor = try ThreadExecutor(name: "test-blocking")
    defer { executor.shutdown() }
    return try await executor.run(body)
}

/// A logger that drops every event.
public let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
