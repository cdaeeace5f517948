import Values

/// Work that goes on without the one who began it and is not over: a replay, a bulk action, a rebuild of the read
/// model.
public struct OpenWork: Codable, Sendable, Equatable {
    /// What it is; the raw values are part of the JSON.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Published rows are published again.
        case replay
        /// Many parked keys are decided about.
        case bulk
        /// The read model is built anew.
        case rebuild
    }

    /// Where it is.
    public enum State: String, Codable, Sendable {
        /// No projector has begun.
        case waiting
        /// Somebody does it now.
        case running
        /// It was asked to stop.
        case stopping
        /// Nobody does it: a crash of Postgres, or no projector.
        case interrupted
    }

    /// What it is.
    public var kind: Kind
    /// Its number.
    public var number: Int64
    /// Where it is.
    public var state: State
    /// The share that is done, from 0 to 1; nil while nobody knows.
    public var progress: Double?
    /// One sentence: `replay 3 of order/4711 is running: 1 200 rows copied, 40 %`.
    public var summary: String
    /// By the clock of Postgres.
    public var askedAt: Moment
    /// As the desk was told.
    public var caller: String?
    /// As it was given.
    public var reason: String
}

extension OpenWork {
    /// A row of ``OperatorDesk/openWorkColumn``.
    struct Row: Decodable {
        var kind: Kind
        var number: Int64
        var state: State
        /// What it is about, in words; nil for nothing to add.
        var subject: String?
        var done: Int64
        /// nil where the share cannot be told.
        var share: Double?
        var askedAt: Moment
        var caller: String?
        var reason: String
    }

    init(_ row: Row) {
        let progress = row.share.map { max(0, min(1, $0)) }
        let name = row.kind == .bulk ? "bulk action \(row.number)" : "\(row.kind.rawValue) \(row.number)"
        let percent = progress.map { ", \(Int($0 * 100)) %" } ?? ""
        let done =
            switch row.kind {
            case .replay: "\(DigitGroups.text(row.done)) rows copied"
            case .bulk: "\(DigitGroups.text(row.done)) keys done"
            case .rebuild: "\(DigitGroups.text(row.done)) orders read"
            }
        let state = row.state == .waiting ? "waits for a projector" : "is \(row.state.rawValue)"
        self.init(
            kind: row.kind, number: row.number, state: row.state, progress: progress,
            summary: "\(name)\(row.subject.map { " \($0)" } ?? "") \(state): \(done)\(percent)", askedAt: row.askedAt,
            caller: row.caller, reason: row.reason)
    }
}
