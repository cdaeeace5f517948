extension OperatorDesk {
    /// What an edit of a row leads to: the release of its key then publishes these rows. nil if the row is not held.
    public func previewEdit(_ outboxId: Int64) throws -> ActionPreview? {
        guard let key = try key(ofHeld: outboxId) else { return nil }
        var preview = try previewRelease(key)
        preview.action = "edit"
        preview.summary =
            "row \(outboxId) is published as edited when its key is released; the outbox keeps it as it was written. "
            + "Releasing \(key.aggregateType ?? "")/\(key.aggregateId ?? "") then publishes these rows, in this order"
        return preview
    }

    /// What a pause of the relay stops.
    public func previewPause() throws -> ActionPreview {
        let rows = try status().backlog?.rows ?? 0
        return ActionPreview(
            action: "pause",
            summary: "the relay goes on leading and publishes nothing until it is resumed; \(rows) rows wait now",
            keys: 0, rows: rows, isMore: false, events: [], dropped: [])
    }

    /// What a resumed relay will do.
    public func previewResume() throws -> ActionPreview {
        let rows = try status().backlog?.rows ?? 0
        return ActionPreview(
            action: "resume", summary: "the relay publishes again, \(rows) rows that wait first, in order", keys: 0,
            rows: rows, isMore: false, events: [], dropped: [])
    }
}
