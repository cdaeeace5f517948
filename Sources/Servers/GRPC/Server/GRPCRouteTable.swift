import Glibc

/// Finds a method by the bytes of its path without making a String: a hash table with open addressing. The methods are
/// ours, so the hash need not resist chosen paths: a path that is no method meets few slots that are taken.
struct GRPCRouteTable: Sendable {
    private struct Slot: Sendable {
        let path: [UInt8]
        let method: GRPCMethod
    }

    private let slots: [Slot?]
    private let mask: Int

    /// - Parameter methods: by their full names.
    init(_ methods: [String: GRPCMethod]) {
        var capacity = 16
        while capacity < methods.count * 4 { capacity *= 2 }
        var slots = [Slot?](repeating: nil, count: capacity)
        mask = capacity - 1
        for (name, method) in methods {
            let path = Array("/\(name)".utf8)
            var index = path.withUnsafeBytes { Self.hash($0) } & mask
            while slots[index] != nil { index = (index + 1) & mask }
            slots[index] = Slot(path: path, method: method)
        }
        self.slots = slots
    }

    /// The method of a path such as `/orders.v1.OrderService/PlaceOrder`; nil if there is none.
    func find(_ path: UnsafeRawBufferPointer) -> GRPCMethod? {
        var index = Self.hash(path) & mask
        while let slot = slots[index] {
            if Self.same(slot.path, path) { return slot.method }
            index = (index + 1) & mask
        }
        return nil
    }

    private static func same(_ known: [UInt8], _ path: UnsafeRawBufferPointer) -> Bool {
        guard known.count == path.count, let bytes = path.baseAddress else { return false }
        return known.withUnsafeBytes { known in known.baseAddress.map { memcmp($0, bytes, path.count) == 0 } ?? false }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash = UInt64(truncatingIfNeeded: bytes.count)
        var offset = 0
        // Eight bytes at a time; the last word overlaps the one before it.
        while offset + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self), into: &hash)
            offset += 8
        }
        if offset < bytes.count {
            if bytes.count >= 8 {
                mix(bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self), into: &hash)
            } else {
                mix(bytes.reduce(0) { $0 << 8 | UInt64($1) }, into: &hash)
            }
        }
        return Int(truncatingIfNeeded: hash >> 8) & Int.max
    }

    /// A step of FNV-1a on a word, with its upper half folded into the lower one: the table uses the lower bits.
    private static func mix(_ word: UInt64, into hash: inout UInt64) {
        hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 32
    }
}
