/// Key–value pairs beside a call's messages. Keys are lower-case ASCII; a key that ends in `-bin` has binary values.
public struct GRPCMetadata: Sendable, Equatable {
    /// A value, text or binary as its key says.
    public enum Value: Sendable, Equatable {
        case text(String)
        case binary([UInt8])
    }

    /// All pairs, in order; a key may occur more than once.
    public private(set) var pairs: [(key: String, value: Value)] = []

    public init() {}

    public static func == (left: GRPCMetadata, right: GRPCMetadata) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.key == $1.key && $0.value == $1.value }
    }

    public var isEmpty: Bool { pairs.isEmpty }

    /// Adds a text value; keys are lower-cased, bytes that a header cannot carry are dropped.
    public mutating func add(_ key: String, _ value: String) {
        let allowed = value.unicodeScalars.filter { (0x20...0x7e).contains($0.value) }
        pairs.append((key.lowercased(), .text(String(String.UnicodeScalarView(allowed)))))
    }

    /// Adds a binary value; the key must end in `-bin`.
    public mutating func add(_ key: String, binary value: [UInt8]) {
        pairs.append((key.lowercased(), .binary(value)))
    }

    /// The first text value of a key.
    public subscript(key: String) -> String? {
        for pair in pairs where pair.key == key {
            if case .text(let text) = pair.value { return text }
        }
        return nil
    }

    /// The first binary value of a key.
    public func binary(_ key: String) -> [UInt8]? {
        for pair in pairs where pair.key == key {
            if case .binary(let bytes) = pair.value { return bytes }
        }
        return nil
    }
}
