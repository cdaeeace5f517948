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
    ///
    /// - Throws: ``OperatorError`` if it is paused already; `PostgresError`.
    public func previewPause() throws -> ActionPreview {
        let status = try status()
        guard status.relay.pause == nil else { throw OperatorError("the relay is paused already") }
        var preview = ActionPreview.about("pause", "")
        preview.rows = status.backlog?.rows ?? 0
        preview.summary =
            "the relay goes on leading and publishes nothing until it is resumed; \(preview.countOfRows) wait now"
        return preview
    }

    /// What a resumed relay will do.
    ///
    /// - Throws: ``OperatorError`` if it is not paused; `PostgresError`.
    public func previewResume() throws -> ActionPreview {
        let status = try status()
        guard status.relay.pause != nil else { throw OperatorError("the relay is not paused") }
        var preview = ActionPreview.about("resume", "")
        preview.rows = status.backlog?.rows ?? 0
        preview.summary = "the relay publishes again, in order; \(preview.countOfRows) wait now"
        return preview
    }
}
