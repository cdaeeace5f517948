import Values

extension OperatorDesk {
    /// What stopping a replay leaves as it is; nil if there is none of that number.
    public func previewStopReplay(_ replayId: Int64) throws -> ActionPreview? {
        try replay(replayId).map {
            .about(
                "stop_replay",
                "replay \(replayId) ends behind the rows that are being copied; "
                    + "\(DigitGroups.text($0.copied)) rows are copied, and stay so")
        }
    }

    /// Where an interrupted replay would go on; nil if there is none of that number.
    public func previewContinueReplay(_ replayId: Int64) throws -> ActionPreview? {
        try replay(replayId).map {
            .about(
                "continue_replay",
                "replay \(replayId) goes on behind row \($0.doneThrough); "
                    + "\(DigitGroups.text($0.copied)) rows are copied already")
        }
    }

    /// What stopping a bulk action leaves as it is; nil if there is none of that number.
    public func previewStopBulk(_ bulkId: Int64) throws -> ActionPreview? {
        try bulk(bulkId).map {
            .about(
                "stop_bulk",
                "bulk action \(bulkId) ends behind the keys that are being changed; \(DigitGroups.text($0.keys)) of "
                    + "\(DigitGroups.text($0.totalKeys)) keys are changed, and stay so")
        }
    }

    /// Where an interrupted bulk action would go on; nil if there is none of that number.
    public func previewContinueBulk(_ bulkId: Int64) throws -> ActionPreview? {
        try bulk(bulkId).map {
            .about(
                "continue_bulk",
                "bulk action \(bulkId) goes on; \($0.keys + $0.passedOver) of \($0.totalKeys) keys are done already")
        }
    }

    /// What giving a rebuild up leaves as it is; nil if there is none of that number.
    public func previewStopRebuild(_ rebuildId: Int64) throws -> ActionPreview? {
        try rebuild(rebuildId).map {
            .about(
                "stop_rebuild",
                "rebuild \(rebuildId) is given up; what was built of \(DigitGroups.text($0.orders)) orders is "
                    + "dropped, and the read model stays as it is")
        }
    }
}

extension ActionPreview {
    /// Of an action that is about neither keys nor rows.
    static func about(_ action: String, _ summary: String) -> ActionPreview {
        ActionPreview(action: action, summary: summary, keys: 0, rows: 0, isMore: false, events: [], dropped: [])
    }
}

extension Receipt {
    /// Of a replay that begins.
    public init(of replay: Replay) {
        self.init(
            action: "replay",
            summary: "replay \(replay.replayId) copies rows from \(replay.fromId) to \(replay.toId), at most "
                + "\(replay.rowsPerSecond) a second",
            at: replay.askedAt, caller: replay.caller, reason: replay.reason, keys: 0, rows: Int(replay.copied))
    }
}
