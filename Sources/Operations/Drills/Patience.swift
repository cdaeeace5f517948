import Threads

/// Waits for states of other processes, which tell nobody when they change.
enum Patience {
    private static let look = Duration.milliseconds(DrillLimits.lookMilliseconds)

    /// Asks again and again until it is so.
    ///
    /// - Throws: ``DrillError`` that says what was waited for, or what `isSo` throws.
    static func until(
        _ what: @autoclosure () -> String, seconds: Int = DrillLimits.startSeconds, _ isSo: () throws -> Bool
    ) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try !isSo() {
            guard .now < deadline else { throw DrillError("\(what()) took longer than \(seconds) s") }
            pause(look)
        }
    }

    static func pause(_ duration: Duration) { PollLoop.pause(until: .now + duration) }
}

/// Random numbers that a seed decides (SplitMix64).
struct DrillRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The same numbers for the same seed.
    init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A pause of random length, in milliseconds.
    mutating func pause(_ range: ClosedRange<Int>) {
        Patience.pause(.milliseconds(Int.random(in: range, using: &self)))
    }
}
