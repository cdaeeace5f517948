import CRDKafka

/// Collects the headers of one message without allocating: made once, `reset` before each message.
///
/// Values are borrowed (the caller keeps the bytes in place until `produce` has returned) or copied into scratch memory
/// of the writer. Names added as `KafkaHeaderName` must live until then, too. Not thread-safe: use one writer for each
/// thread.
public final class KafkaHeaderWriter {
    private(set) var entries: UnsafeMutablePointer<rdk_header>
    private(set) var scratch: UnsafeMutablePointer<UInt8>
    private var entryCapacity = 16
    private var scratchCapacity = 1_024
    private var scratchCount = 0
    /// Keeps names from rows at their addresses until the message is produced.
    private var rowNames: [KafkaHeaderName] = []
    /// Headers added since the last reset.
    public private(set) var count = 0
    /// Whether headers were dropped because a bound of `KafkaLimits` was reached; `produce` then refuses the message.
    public private(set) var isOverflowing = false

    /// A writer without headers; it allocates its memory now and grows it when needed.
    public init() {
        entries = .allocate(capacity: entryCapacity)
        scratch = .allocate(capacity: scratchCapacity)
    }

    deinit {
        entries.deallocate()
        scratch.deallocate()
    }

    /// Forgets all headers; memory is kept.
    public func reset() {
        truncate(to: Mark(count: 0, scratchCount: 0, rowNameCount: 0))
    }

    /// A place to return to: headers that many messages share are added once, before the mark.
    public struct Mark: Sendable {
        let count: Int
        let scratchCount: Int
        let rowNameCount: Int
    }

    /// The place after the headers that were added so far.
    public var mark: Mark { Mark(count: count, scratchCount: scratchCount, rowNameCount: rowNames.count) }

    /// Forgets the headers added after the mark was taken.
    public func truncate(to mark: Mark) {
        precondition(mark.count <= count && mark.scratchCount <= scratchCount, "a mark of headers that are still there")
        count = mark.count
        scratchCount = mark.scratchCount
        if rowNames.count > mark.rowNameCount { rowNames.removeSubrange(mark.rowNameCount...) }
        isOverflowing = false
    }

    /// Adds a header whose value stays at its address until `produce` has returned.
    public func add(_ name: KafkaHeaderName, borrowing value: UnsafeRawBufferPointer) {
        guard let base = value.baseAddress else { return append(name, value: nil, size: 0, offset: scratchCount) }
        append(name, value: base, size: value.count, offset: -1)
    }

    /// Adds a header with the null value, which is not the empty one.
    public func addNull(_ name: KafkaHeaderName) {
        append(name, value: nil, size: 0, offset: -1)
    }

    /// Adds a header whose value is copied now.
    public func add(_ name: KafkaHeaderName, copying value: UnsafeRawBufferPointer) {
        add(name, capacity: value.count) { target in
            target.copyMemory(from: value)
            return value.count
        }
    }

    /// Adds a header with a text value, which is copied.
    public func add(_ name: KafkaHeaderName, _ value: String) {
        var value = value
        value.withUTF8 { add(name, copying: UnsafeRawBufferPointer($0)) }
    }

    /// Adds a header with an integer in decimal text.
    public func add(_ name: KafkaHeaderName, decimal value: Int64) {
        add(name, capacity: 20) { target in
            var digits = value.magnitude
            var end = 20
            repeat {
                end -= 1
                target[end] = UInt8(ascii: "0") + UInt8(digits % 10)
                digits /= 10
            } while digits > 0
            if value < 0 {
                end -= 1
                target[end] = UInt8(ascii: "-")
            }
            let size = 20 - end
            for index in 0..<size { target[index] = target[end + index] }
            return size
        }
    }

    /// Adds a header whose value `body` writes into at most `capacity` bytes of scratch memory; `body` returns the
    /// number of bytes.
    public func add(_ name: KafkaHeaderName, capacity: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
        guard reserveScratch(capacity) else { return }
        let target = UnsafeMutableRawBufferPointer(start: scratch + scratchCount, count: capacity)
        let size = body(target)
        precondition(size >= 0 && size <= capacity, "a header value cannot exceed the capacity asked for")
        append(name, value: nil, size: size, offset: scratchCount)
        scratchCount += size
    }

    /// Adds a header whose name comes from a row's data; name and value are copied.
    public func add(name: String, _ value: String) {
        let name = KafkaHeaderName(name)
        rowNames.append(name)
        add(name, value)
    }
}

extension KafkaHeaderWriter {
    private func append(_ name: KafkaHeaderName, value: UnsafeRawPointer?, size: Int, offset: Int) {
        if count == entryCapacity && !growEntries() { return }
        entries[count] = rdk_header(
            name: name.bytes, name_size: name.count, value: value, value_size: size, scratch_offset: offset)
        count += 1
    }

    private func growEntries() -> Bool {
        guard entryCapacity < KafkaLimits.headersPerMessage else {
            isOverflowing = true
            return false
        }
        let larger = min(entryCapacity * 2, KafkaLimits.headersPerMessage)
        let grown = UnsafeMutablePointer<rdk_header>.allocate(capacity: larger)
        grown.update(from: entries, count: count)
        entries.deallocate()
        entries = grown
        entryCapacity = larger
        return true
    }

    /// Values already in the scratch memory are known by offset, so it may move.
    private func reserveScratch(_ size: Int) -> Bool {
        let needed = scratchCount + size
        if needed <= scratchCapacity { return true }
        guard needed <= KafkaLimits.headerScratchBytesPerMessage else {
            isOverflowing = true
            return false
        }
        let larger = min(max(scratchCapacity * 2, needed), KafkaLimits.headerScratchBytesPerMessage)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        grown.update(from: scratch, count: scratchCount)
        scratch.deallocate()
        scratch = grown
        scratchCapacity = larger
        return true
    }
}
