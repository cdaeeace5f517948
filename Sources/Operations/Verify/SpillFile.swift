import Glibc
import Threads

/// Entries on disk, in buckets: appended in any order, read back bucket by bucket in the order of appending.
///
/// One file without a name, so that nothing is left when the process ends. Each bucket fills a small buffer; full
/// buffers follow each other in the file, and a list per bucket says where.
///
/// One thread appends; after ``finish()`` any thread reads.
final class SpillFile: @unchecked Sendable {
    /// The first bits of a key's hash choose the bucket.
    static let buckets = 256
    private static let bucketShift: UInt64 = 56
    private static let entriesPerBlock = 128
    private static let blockBytes = entriesPerBlock * MemoryLayout<AuditEntry>.stride

    private let descriptor: Int32
    private let buffers: UnsafeMutablePointer<AuditEntry>
    private var filled = [Int](repeating: 0, count: buckets)
    /// The places of full buffers, and the entries of the last one.
    private var blocks = [[(block: Int, count: Int)]](repeating: [], count: buckets)
    private var blockCount = 0
    /// All entries.
    private(set) var count = 0

    /// - Parameter directory: where there is room: 64 bytes for each entry.
    init(directory: String) throws {
        assert(Self.buckets == 1 << (64 - Self.bucketShift), "each value of the bits is a bucket")
        var template = Array("\(directory)/outbox-verify-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw SystemError("cannot write to \(directory), the folder of temporary files (TMPDIR)")
        }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        buffers = .allocate(capacity: Self.buckets * Self.entriesPerBlock)
    }

    deinit {
        close(descriptor)
        buffers.deallocate()
    }

    func append(_ entry: AuditEntry) throws(SystemError) {
        let bucket = Int(entry.key >> Self.bucketShift)
        buffers[bucket * Self.entriesPerBlock + filled[bucket]] = entry
        filled[bucket] += 1
        count += 1
        if filled[bucket] == Self.entriesPerBlock { try flush(bucket) }
    }

    /// Writes what is still buffered.
    func finish() throws(SystemError) {
        for bucket in 0..<Self.buckets where filled[bucket] > 0 { try flush(bucket) }
    }

    private func flush(_ bucket: Int) throws(SystemError) {
        let bytes = UnsafeRawPointer(buffers + bucket * Self.entriesPerBlock)
        var written = 0
        while written < Self.blockBytes {
            let place = off_t(blockCount * Self.blockBytes + written)
            let count = pwrite(descriptor, bytes + written, Self.blockBytes - written, place)
            guard count > 0 || errno == EINTR else {
                throw SystemError("cannot write a temporary file (TMPDIR names its folder)")
            }
            written += max(0, count)
        }
        blocks[bucket].append((blockCount, filled[bucket]))
        blockCount += 1
        filled[bucket] = 0
    }

    /// The entries of a bucket in the order in which they were appended.
    func entries(of bucket: Int) throws(SystemError) -> [AuditEntry] {
        let total = blocks[bucket].reduce(0) { $0 + $1.count }
        var failed = false
        let entries = [AuditEntry](unsafeUninitializedCapacity: total) { target, initialized in
            for (block, count) in blocks[bucket] {
                guard let start = target.baseAddress.map({ UnsafeMutableRawPointer($0 + initialized) }) else { return }
                if !read(block, count * MemoryLayout<AuditEntry>.stride, into: start) {
                    failed = true
                    return
                }
                initialized += count
            }
        }
        guard !failed else { throw SystemError("cannot read a temporary file") }
        return entries
    }

    private func read(_ block: Int, _ bytes: Int, into target: UnsafeMutableRawPointer) -> Bool {
        var done = 0
        while done < bytes {
            let count = pread(descriptor, target + done, bytes - done, off_t(block * Self.blockBytes + done))
            guard count > 0 || (count < 0 && errno == EINTR) else { return false }
            done += max(0, count)
        }
        return true
    }
}
