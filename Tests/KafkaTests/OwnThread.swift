import Glibc
import Testing
import Threads

/// Runs each test of a suite on a thread of its own: these tests block, and on the cooperative pool they would delay
/// all other tests of the process.
struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let executor = try ThreadExecutor(name: "kafka-test")
        defer { executor.shutdown() }
        try await withTaskExecutorPreference(executor) { try await function() }
    }
}

extension Trait where Self == OwnThread {
    static var ownThread: Self { Self() }
}

@Suite(.ownThread) struct OwnThreadTests {
    @Test func blockingTestsStayOffTheSharedThreads() {
        let descriptor = open("/proc/thread-self/comm", O_RDONLY)
        defer { close(descriptor) }
        var name = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &name, name.count)
        #expect(String(decoding: name[..<max(count, 0)], as: UTF8.self) == "kafka-test\n")
    }
}
