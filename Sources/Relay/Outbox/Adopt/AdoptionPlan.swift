/// What adopting a table takes: the steps that are still to be done, and what a person should know before.
public struct AdoptionPlan: Equatable, Sendable {
    /// A piece of SQL that is done as a whole.
    public struct Step: Equatable, Sendable {
        public enum Mode: Equatable, Sendable {
            /// In a transaction that gives up soon when it does not get its locks, and is tried again.
            case transaction
            /// One statement outside a transaction.
            case alone
        }

        public var title: String
        public var sql: String
        public var mode: Mode
    }

    public var table: String
    public var schema: String
    /// How the table's columns are read.
    public var mapping: String
    public var steps: [Step] = []
    /// What will be as the team may not expect.
    public var notes: [String] = []
    /// What can lose or stall events if it is true.
    public var warnings: [String] = []

    /// The plan as a script for psql.
    public var script: String {
        var lines = [
            "-- outbox-relay adopt: \(table), relay schema \(schema)",
            "-- Run it with psql -v ON_ERROR_STOP=1. A step whose lock was not granted can be run again.",
            "-- Columns: \(mapping)",
        ]
        lines += notes.map { "-- Note: \($0)" }
        lines += warnings.map { "-- WARNING: \($0)" }
        for (index, step) in steps.enumerated() {
            lines += ["", "-- \(index + 1). \(step.title)", step.scriptText]
        }
        if steps.isEmpty { lines.append("-- Nothing to do: the table is adopted.") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension AdoptionPlan.Step {
    fileprivate var scriptText: String {
        switch mode {
        case .alone: sql
        case .transaction:
            "BEGIN;\nSET LOCAL lock_timeout = \(OutboxLimits.adoptionLockMilliseconds);\n\(sql)\nCOMMIT;"
        }
    }
}
