import CNGHTTP2
import Testing

@testable import HTTP2

@Suite struct SessionMemoryTests {
    private typealias Block = UnsafeMutableRawPointer

    @Test func aFreedBlockOfTheSizeIsHandedOutAgain() {
        let memory = SessionMemory()
        let allocator = memory.allocator
        let first = allocator.malloc(100, allocator.mem_user_data)
        allocator.free(first, allocator.mem_user_data)
        #expect(memory.kept > 0)
        #expect(allocator.malloc(120, allocator.mem_user_data) == first)
        #expect(memory.kept == 0)
        allocator.free(first, allocator.mem_user_data)
    }

    @Test func callocClearsWhatWasUsed() throws {
        let memory = SessionMemory()
        let allocator = memory.allocator
        let first: Block = try #require(allocator.malloc(64, allocator.mem_user_data))
        first.initializeMemory(as: UInt8.self, repeating: 7, count: 64)
        allocator.free(first, allocator.mem_user_data)
        let second: Block = try #require(allocator.calloc(8, 8, allocator.mem_user_data))
        #expect(second == first)
        #expect(UnsafeRawBufferPointer(start: second, count: 64).allSatisfy { $0 == 0 })
        #expect(allocator.calloc(.max, 2, allocator.mem_user_data) == nil)
        allocator.free(second, allocator.mem_user_data)
    }

    @Test(arguments: [(10, 60), (10, 500), (500, 5_000), (5_000, 50_000), (5_000, 10)])
    func reallocKeepsTheBytes(_ from: Int, _ to: Int) throws {
        let memory = SessionMemory()
        let allocator = memory.allocator
        let first: Block = try #require(allocator.malloc(from, allocator.mem_user_data))
        first.initializeMemory(as: UInt8.self, repeating: 7, count: from)
        let second: Block = try #require(allocator.realloc(first, to, allocator.mem_user_data))
        #expect(UnsafeRawBufferPointer(start: second, count: min(from, to)).allSatisfy { $0 == 7 })
        allocator.free(second, allocator.mem_user_data)
    }

    @Test func whatIsKeptIsBounded() {
        let memory = SessionMemory()
        let allocator = memory.allocator
        let blocks = (0..<10_000).map { _ in allocator.malloc(1_000, allocator.mem_user_data) }
        for block in blocks { allocator.free(block, allocator.mem_user_data) }
        #expect(memory.kept > 0)
        #expect(memory.kept <= 4 * 1024 * 1024)
    }
}
