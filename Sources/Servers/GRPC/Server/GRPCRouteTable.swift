import Glibc

/// Finds a method by the bytes of its path without making a String: a hash table with open addressing and FNV-1a.
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
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int(truncatingIfNeeded: hash >> 8) & Int.max
    }
}
