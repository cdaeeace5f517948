import CNGHTTP2
import Glibc

/// Memory for libnghttp2, which allocates eight times for a small call and frees the blocks a moment later. Freed
/// blocks are kept by size for the next call.
///
/// One per event loop, used by the sessions of that loop and on that loop only. Keeps at most `keptBytes`.
final class SessionMemory {
    /// Bytes of free blocks that are kept. A block that is freed beyond them goes back to the system.
    private static let keptBytes = 4 * 1024 * 1024
    /// Blocks are multiples of this; it is also a block's smallest size.
    private static let stepBytes = 64
    /// Larger blocks come from the system and go back to it.
    private static let largestBytes = 1_024
    /// Bytes before a block that hold its size class; 16, so that blocks are aligned as malloc aligns them.
    private static let prefixBytes = 16

    private struct FreeBlock {
        var next: UnsafeMutableRawPointer?
    }

    private struct State {
        var kept = 0
        /// The first free block of each size class. Class 0 stands for the blocks of the system and has none.
        let lists: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    }

    private static let classes = largestBytes / stepBytes + 1
    private let state: UnsafeMutablePointer<State>

    init() {
        let lists = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: Self.classes)
        lists.initialize(repeating: nil, count: Self.classes)
        state = .allocate(capacity: 1)
        state.initialize(to: State(lists: lists))
    }

    deinit {
        for index in 0..<Self.classes {
            var next = state.pointee.lists[index]
            while let block = next {
                next = block.load(as: FreeBlock.self).next
                Glibc.free(block - Self.prefixBytes)
            }
        }
        state.pointee.lists.deallocate()
        state.deallocate()
    }

    /// Bytes of free blocks that are kept now.
    var kept: Int { state.pointee.kept }

    /// The functions that libnghttp2 calls; valid as long as this object lives.
    var allocator: nghttp2_mem {
        nghttp2_mem(
            mem_user_data: state,
            malloc: { size, user in SessionMemory.allocate(size, user) },
            free: { block, user in SessionMemory.free(block, user) },
            calloc: { count, size, user in
                let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
                guard !overflow, let block = SessionMemory.allocate(bytes, user) else { return nil }
                return memset(block, 0, bytes)
            },
            realloc: { block, size, user in SessionMemory.reallocate(block, size, user) })
    }

    private static func allocate(_ size: Int, _ user: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let state = user?.assumingMemoryBound(to: State.self), size >= 0 else { return nil }
        let sizeClass = size > largestBytes ? 0 : max(1, (size + stepBytes - 1) / stepBytes)
        if let block = state.pointee.lists[sizeClass] {
            state.pointee.lists[sizeClass] = block.load(as: FreeBlock.self).next
            state.pointee.kept -= sizeClass * stepBytes
            return block
        }
        guard let start = Glibc.malloc(prefixBytes + (sizeClass == 0 ? size : sizeClass * stepBytes)) else {
            return nil
        }
        start.storeBytes(of: sizeClass, as: Int.self)
        return start + prefixBytes
    }

    private static func free(_ block: UnsafeMutableRawPointer?, _ user: UnsafeMutableRawPointer?) {
        guard let block, let state = user?.assumingMemoryBound(to: State.self) else { return }
        let sizeClass = (block - prefixBytes).load(as: Int.self)
        let bytes = sizeClass * stepBytes
        guard sizeClass > 0, state.pointee.kept + bytes <= keptBytes else { return Glibc.free(block - prefixBytes) }
        block.storeBytes(of: FreeBlock(next: state.pointee.lists[sizeClass]), as: FreeBlock.self)
        state.pointee.lists[sizeClass] = block
        state.pointee.kept += bytes
    }

    private static func reallocate(
        _ block: UnsafeMutableRawPointer?, _ size: Int, _ user: UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        guard let block else { return allocate(size, user) }
        let sizeClass = (block - prefixBytes).load(as: Int.self)
        guard sizeClass > 0 else {
            // The block stays with the system, even if it shrinks.
            return Glibc.realloc(block - prefixBytes, prefixBytes + size).map { $0 + prefixBytes }
        }
        guard size > sizeClass * stepBytes else { return block }
        guard let larger = allocate(size, user) else { return nil }
        memcpy(larger, block, sizeClass * stepBytes)
        free(block, user)
        return larger
    }
}
