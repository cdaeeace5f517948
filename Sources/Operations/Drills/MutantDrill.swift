public import Sabotage

/// A drill with a stack that is broken on purpose: the judge has to notice.
public struct MutantDrill: Sendable {
    /// What is broken.
    public let mutant: Mutant
    /// The drill that shows it.
    public let drill: Drill
    /// Columns of the scoreboard of which at least one has to be violated.
    public let invariants: [DrillReport.Invariant]
    /// How rows reach Kafka.
    public let delivery: DrillSetup.Delivery

    private init(
        _ mutant: Mutant, _ name: String, _ invariants: [DrillReport.Invariant],
        _ delivery: DrillSetup.Delivery = .atLeastOnce
    ) {
        guard let drill = Drills.named(name) else { preconditionFailure("there is no drill \(name)") }
        (self.mutant, self.drill, self.invariants, self.delivery) = (mutant, drill, invariants, delivery)
    }

    /// The setup for it: a broken system need not be waited for as long as a sound one.
    public func setup(_ setup: DrillSetup) -> DrillSetup {
        var setup = setup
        (setup.mutant, setup.delivery, setup.drainSeconds) = (mutant, delivery, DrillLimits.mutantDrainSeconds)
        return setup
    }

    /// The violated columns that were expected; nil if the mutant went unnoticed.
    public func noticed(by run: DrillReport.Run) -> [DrillReport.Invariant]? {
        let found = invariants.filter { run.violations[$0.rawValue, default: 0] > 0 }
        return found.isEmpty ? nil : found
    }

    /// One for each mutant that the programs know.
    public static let all: [MutantDrill] = Mutant.allCases.filter { $0.places.contains(.programs) }.map(of)

    private static func of(_ mutant: Mutant) -> MutantDrill {
        switch mutant {
        case .noFenceOnCheckpoint: MutantDrill(mutant, "zombie-at-checkpoint", [.fenced])
        case .epochNotRaised: MutantDrill(mutant, "zombie-at-checkpoint", [.fenced])
        case .noFenceOnLease: MutantDrill(mutant, "zombie-at-renewal", [.drained])
        case .readsByID: MutantDrill(mutant, "idle-transaction", [.published])
        case .lateRowsNotFetched: MutantDrill(mutant, "idle-transaction", [.published])
        case .cutTakenAgain: MutantDrill(mutant, "late-in-mid-cut", [.published, .ordered])
        case .publishesWhatIsNotOnDisk: MutantDrill(mutant, "unflushed-crash", [.published])
        case .checkpointBeforeAck: MutantDrill(mutant, "relay-in-mid-batch", [.published])
        case .parkedKeyLetThrough: MutantDrill(mutant, "relay-in-release", [.ordered])
        case .releasedInWrongOrder: MutantDrill(mutant, "relay-in-release", [.ordered])
        case .neededRowsRemoved: MutantDrill(mutant, "release-from-old-leaf", [.drained])
        case .notifyWithoutPoll: MutantDrill(mutant, "no-trigger", [.drained])
        case .transactionLeftOpen: MutantDrill(mutant, "no-trigger", [.brief])
        case .recordNotRead: MutantDrill(mutant, "relay-after-commit", [.single], .exactlyOnce)
        case .publishedRowsDeleted: MutantDrill(mutant, "idle-transaction", [.lean])
        case .alwaysReady: MutantDrill(mutant, "brokers-down", [.honest])
        case .answeredBeforeCommit: MutantDrill(mutant, "append-before-commit", [.durable])
        case .answeredWhenPublished: MutantDrill(mutant, "brokers-down", [.quick])
        case .keysIgnored: MutantDrill(mutant, "rolled-back", [.once])
        case .numberSkipped: MutantDrill(mutant, "rolled-back", [.gapless])
        case .cancelledIsPaid: MutantDrill(mutant, "payments-after-charge", [.unpaid])
        case .positionsBeforeRows: MutantDrill(mutant, "projector-before-commit", [.projected])
        case .failsAtStop: MutantDrill(mutant, "rolled-back", [.stopped])
        }
    }
}
