/// Looks for a shorter run that fails in the same way: fewer steps, fewer kinds of faults, fewer steps in between.
package struct Minimiser {
    private let invariant: Violation.Invariant
    private var best: SimulationOptions
    private(set) var runs = 0

    /// Runs that are tried at most.
    private static let mostRuns = 600

    /// - Parameters:
    ///   - options: of a run that fails.
    ///   - violation: how it fails.
    package init(_ options: SimulationOptions, _ violation: Violation) {
        best = options
        best.isTraced = false
        invariant = violation.invariant
    }

    /// The shortest run that was found.
    package mutating func minimise() throws -> SimulationOptions {
        try shorten()
        for fault in Fault.allCases {
            try tryWith { $0.withoutFaults.insert(fault) }
        }
        try shorten()
        try leaveOut()
        return best
    }

    /// Halves the distance to the shortest run as long as that is possible.
    private mutating func shorten() throws {
        var (low, high) = (0, best.steps)
        while low < high {
            let middle = (low + high) / 2
            if try tryWith({ $0.steps = middle }) { high = middle } else { low = middle + 1 }
        }
    }

    /// Leaves steps out, many together first.
    private mutating func leaveOut() throws {
        var size = max(1, best.steps / 2)
        while size >= 1 {
            for start in stride(from: 0, to: best.steps, by: size) {
                let some = Set(start..<min(start + size, best.steps))
                if !some.isSubset(of: best.leftOut) { try tryWith { $0.leftOut.formUnion(some) } }
            }
            if size == 1 { return }
            size /= 2
        }
    }

    @discardableResult
    private mutating func tryWith(_ change: (inout SimulationOptions) -> Void) throws -> Bool {
        guard runs < Self.mostRuns else { return false }
        runs += 1
        var options = best
        change(&options)
        guard try Simulation(options).run().violation?.invariant == invariant else { return false }
        best = options
        return true
    }
}
