/// Changes recorded sessions at random, the same way for the same seed.
struct Mutator {
    private var state: UInt64
    private let corpus: [[UInt8]]

    init(seed: UInt64, corpus: [[UInt8]]) {
        state = seed
        self.corpus = corpus
    }

    /// SplitMix64.
    mutating func number(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(max(1, bound)))
    }

    /// A session of the corpus with a few changes; mostly behind the preface, because a session with a broken preface
    /// ends at once.
    mutating func session() -> [UInt8] {
        var bytes = corpus[number(below: corpus.count)]
        for _ in 0..<number(below: 6) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let first = number(below: 20) == 0 ? 0 : min(24, bytes.count)
        guard bytes.count > first else { return }
        let position = first + number(below: bytes.count - first)
        switch number(below: 7) {
        case 0: bytes[position] ^= 1 << UInt8(number(below: 8))
        case 1: bytes[position] = UInt8(number(below: 256))
        case 2: bytes[position] = [0, 1, 0x7f, 0x80, 0xff][number(below: 5)]
        case 3: bytes.removeSubrange(position..<min(bytes.count, position + 1 + number(below: 12)))
        case 4:
            bytes.insert(contentsOf: (0..<1 + number(below: 12)).map { _ in UInt8(number(below: 256)) }, at: position)
        case 5:
            let end = min(bytes.count, position + 1 + number(below: 60))
            bytes.insert(contentsOf: Array(bytes[position..<end]), at: first + number(below: bytes.count - first))
        default:
            let other = corpus[number(below: corpus.count)]
            let start = min(24, other.count) + number(below: max(0, other.count - 24))
            if start < other.count {
                bytes.insert(contentsOf: other[start..<min(other.count, start + 80)], at: position)
            }
        }
    }
}
