import Postgres

/// The right to apply some partitions, and where each goes on.
struct Claim: Hashable, Sendable {
    /// A fencing token: of two claims of one partition the higher one is in force.
    let number: Int64
    /// For each partition the first offset that is not applied.
    let positions: [Int32: Int64]
}

/// How far one partition is applied under one claim.
struct Position: Hashable, Sendable {
    /// The partition's number in the topic.
    let partition: Int32
    /// The number of the claim under which the partition is applied.
    let claim: Int64
    /// The first offset that is not applied.
    let nextOffset: Int64
}

/// One of the two tables that positions are appended to.
enum PositionTable: Int, CaseIterable, Sendable {
    case first = 0
    case second = 1

    var other: PositionTable { self == .first ? .second : .first }
    /// Its name in Postgres.
    var name: String { "order_projection_offset_\(rawValue)" }
}

/// Which of the two position tables takes rows, and when to change to the other.
struct PositionRotation {
    private(set) var table = PositionTable.first
    private var appended = 0

    /// Counts appended rows.
    ///
    /// - Returns: whether the table should be emptied now.
    mutating func isDue(after positions: Int) -> Bool {
        appended += positions
        return appended >= ProjectionLimits.positionsPerRotation
    }

    /// - Parameter succeeded: whether ``table`` was emptied; if not, it is tried again after a tenth of the usual
    ///   number.
    mutating func done(_ succeeded: Bool) {
        appended = succeeded ? 0 : ProjectionLimits.positionsPerRotation * 9 / 10
        if succeeded { table = table.other }
    }
}

/// Why a step of the projection did not happen; no part of it was committed.
struct ProjectionError: Error, Sendable, CustomStringConvertible {
    enum Code: Hashable, Sendable {
        /// Another member has claimed the partitions meanwhile.
        case stale
        /// A position disappeared between the look-up and the claim; a new claim settles it.
        case raced
    }

    let code: Code
    /// Safe to log.
    let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
