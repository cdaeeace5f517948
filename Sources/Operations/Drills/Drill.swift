/// One way to break a running system, and to mend it again.
public struct Drill: Sendable {
    /// A word to call it by.
    public let name: String
    /// What is done to the system, in one sentence.
    public let summary: String
    /// What it needs of its stack and of the machine.
    public let needs: DrillNeeds
    /// Breaks and mends: when it returns, all processes run again and nothing is held.
    let fault: @Sendable (DrillScene) throws -> Void

    init(
        _ name: String, _ summary: String, switchesKafka: Bool = false, needs: DrillNeeds = [],
        _ fault: @escaping @Sendable (DrillScene) throws -> Void
    ) {
        (self.name, self.summary, self.fault) = (name, summary, fault)
        self.needs = switchesKafka ? needs.union(.brokers) : needs
    }
}

/// What a fault acts on. One thread.
final class DrillScene {
    let stack: DrillStack
    let load: ClientLoad
    var random: DrillRandom
    /// Marks on the timeline: what was done when.
    private(set) var marks: [DrillReport.Mark] = []
    private let began: ContinuousClock.Instant

    init(_ stack: DrillStack, _ load: ClientLoad, _ random: DrillRandom, began: ContinuousClock.Instant) {
        (self.stack, self.load, self.random, self.began) = (stack, load, random, began)
    }

    /// Notes what is done now.
    func mark(_ text: String) {
        marks.append(.init(seconds: (ContinuousClock.now - began) / .seconds(1), text: text))
    }

    /// The id of an aggregate that no other fault uses.
    func key(_ word: String) -> String { "\(word)-\(String(random.next(), radix: 16))" }

    /// A random time under load, in milliseconds.
    func pause(_ range: ClosedRange<Int>) { random.pause(range) }
}
