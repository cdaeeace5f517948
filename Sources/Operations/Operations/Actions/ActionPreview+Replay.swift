extension OperatorDesk {
    /// What stopping a replay leaves as it is; nil if there is none of that number.
    public func previewStopReplay(_ replayId: Int64) throws -> ActionPreview? {
        try preview("stop_replay", replayId) {
            "replay \(replayId) ends behind the rows that are being copied; \($0.copied) rows are copied, and stay so"
        }
    }

    /// Where an interrupted replay would go on; nil if there is none of that number.
    public func previewContinueReplay(_ replayId: Int64) throws -> ActionPreview? {
        try preview("continue_replay", replayId) {
            "replay \(replayId) goes on behind row \($0.doneThrough); \($0.copied) rows are copied already"
        }
    }

    private func preview(_ action: String, _ id: Int64, _ words: (Replay) -> String) throws -> ActionPreview? {
        try replay(id).map {
            ActionPreview(
                action: action, summary: words($0), keys: 0, rows: 0, isMore: false, events: [], dropped: [])
        }
    }

    /// Ends a replay behind the chunk that is being copied.
    ///
    /// - Parameter reason: the receipt has it; a replay's decision is that of its beginning.
    /// - Throws: ``OperatorError`` if it has ended, or for an empty reason; `PostgresError`.
    public func stopReplay(_ replayId: Int64, reason: String) throws -> Receipt {
        try stopReplay(replayId)
        return Receipt(
            action: "stop_replay", summary: "replay \(replayId) ends behind the rows that are being copied",
            at: try now(), caller: caller, reason: reason, keys: 0, rows: 0)
    }
}

extension Receipt {
    /// Of a replay that begins or goes on.
    public init(of replay: Replay) {
        self.init(
            action: "replay",
            summary: "replay \(replay.replayId) copies rows from \(replay.fromId) to \(replay.toId), at most "
                + "\(replay.rowsPerSecond) a second",
            at: replay.askedAt, caller: replay.caller, reason: replay.reason, keys: 0, rows: Int(replay.copied))
    }
}
