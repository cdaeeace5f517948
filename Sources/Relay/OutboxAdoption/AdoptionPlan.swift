/// What adopting a table takes: the steps that are still to be done, and what a person should know before.
public struct AdoptionPlan: Equatable, Sendable {
    /// A piece of SQL that is done as a whole.
    public struct Step: Equatable, Sendable {
        /// How a step is run.
        public enum Mode: Equatable, Sendable {
            /// In a transaction that gives up soon when it does not get its locks, and is tried again.
            case transaction
            /// One statement outside a transaction.
            case alone
        }

        /// One line that says what the step is for.
        public var title: String
        /// Statements that end with a semicolon; one statement where the mode is ``Mode/alone``.
        public var sql: String
        /// How the step is run.
        public var mode: Mode
    }

    /// Qualified and quoted.
    public var table: String
    /// The relay's schema, not quoted.
    public var schema: String
    /// How the table's columns are read: `event_id=id, payload=body, header tenant=tenant`.
    public var mapping: String
    /// In the order in which they are run; empty for a table that is adopted and up to date.
    public var steps: [Step] = []
    /// What the team may not expect.
    public var notes: [String] = []
    /// What can lose or stall events.
    public var warnings: [String] = []

    /// The plan as a script for psql, with notes and warnings as comments.
    public var script: String {
        var lines = [
            "-- outboxctl adopt: \(table), relay schema \(schema)",
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
            "BEGIN;\nSET LOCAL lock_timeout = \(AdoptionLimits.lockMilliseconds);\n\(sql)\nCOMMIT;"
        }
    }
}
