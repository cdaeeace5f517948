import Glibc
import Testing

@Suite(.ownThread) struct OwnThreadTests {
    @Test func blockingTestsStayOffTheSharedThreads() {
        let descriptor = open("/proc/thread-self/comm", O_RDONLY)
        defer { close(descriptor) }
        var name = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &name, name.count)
        #expect(String(decoding: name[..<max(count, 0)], as: UTF8.self) == "kafka-test\n")
    }
}
