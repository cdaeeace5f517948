/// What a fault acts on. One thread.
final class DrillScene {
    /// A part that is away on purpose for a while: what needs it must not say that it is ready.
    enum Part: String, Sendable {
        case postgres, kafka

        /// The services that say so at `/readyz`.
        var dependents: [DrillStack.Service] {
            switch self {
            case .postgres: DrillStack.Service.allCases
            case .kafka: [.relay]
            }
        }
    }

    /// A part was away, in seconds since the load began.
    struct Absence: Sendable {
        var part: Part
        var from: Double
        var until: Double
    }

    let stack: DrillStack
    let load: ClientLoad
    var random: DrillRandom
    /// Marks on the timeline: what was done when.
    private(set) var marks: [DrillReport.Mark] = []
    private(set) var absences: [Absence] = []
    /// Rows that the fault itself has rolled back: dead rows that say nothing about the system.
    private(set) var rowsRolledBack = 0
    /// Whether a relay stood still on purpose: its transaction then stays open until another one ends it.
    private(set) var hasStopped = false
    private let began: ContinuousClock.Instant

    init(_ stack: DrillStack, _ load: ClientLoad, _ random: DrillRandom, began: ContinuousClock.Instant) {
        (self.stack, self.load, self.random, self.began) = (stack, load, random, began)
    }

    private var now: Double { (ContinuousClock.now - began) / .seconds(1) }

    /// Notes what is done now.
    func mark(_ text: String) { marks.append(.init(seconds: now, text: text)) }

    /// The id of an aggregate that no other fault uses.
    func key(_ word: String) -> String { "\(word)-\(String(random.next(), radix: 16))" }

    /// A random time under load, in milliseconds.
    func pause(_ range: ClosedRange<Int>) { random.pause(range) }

    /// A random number.
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// The part is away while `body` runs.
    func without<T>(_ part: Part, _ body: () throws -> T) rethrows -> T {
        let from = now
        defer { absences.append(Absence(part: part, from: from, until: now)) }
        return try body()
    }

    /// A relay stands still from here on.
    func stops(_ text: String) {
        hasStopped = true
        mark(text)
    }

    /// So many rows were rolled back on purpose.
    func rolledBack(_ rows: Int) { rowsRolledBack += rows }
}
