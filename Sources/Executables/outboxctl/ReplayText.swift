import Operations

/// A replay for people.
enum ReplayText {
    static func line(_ replay: Replay) -> String {
        let state =
            replay.endedAt != nil
            ? replay.stopAskedAt == nil ? "done" : "stopped" : replay.isRunning ? "running" : "interrupted"
        let key = replay.aggregateType.map { " of \($0)/\(replay.aggregateId ?? "*")" } ?? ""
        return "replay \(replay.replayId)\(key), ids \(replay.fromId) to \(replay.toId): \(state), "
            + "\(Words.count(replay.copied)) rows copied, \(Int(replay.progress * 100)) %"
    }
}
