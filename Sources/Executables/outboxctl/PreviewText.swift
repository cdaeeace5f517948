import Operations

/// What an action would do, for people.
enum PreviewText {
    static func printed(_ preview: ActionPreview) {
        say(preview.events.isEmpty && preview.dropped.isEmpty ? preview.summary : preview.summary + ":")
        printRows(preview)
    }

    private static func printRows(_ preview: ActionPreview) {
        for event in preview.events {
            let sequence = event.sequenceNumber.map { "sequence \($0)" } ?? "no sequence number"
            let size = event.payload.bytes.map { "\($0) bytes" } ?? event.payload.form.rawValue
            let edited = event.isEdited ? "  (edited)" : ""
            let dropped = preview.dropped.contains(event.outboxId) ? "  (will be dropped)" : ""
            let row = "\(event.outboxId)  \(event.key)  \(sequence)  \(event.eventType ?? "?")  \(size)"
            say("  \(row)\(edited)\(dropped)")
        }
        let more = preview.rows - preview.events.count
        if more > 0, !preview.events.isEmpty {
            print("  … and \(Words.count(more))\(preview.isMore ? " or more" : "") rows")
        }
        let shown = Set(preview.events.map(\.outboxId))
        for id in preview.dropped where !shown.contains(id) { print("  \(id)  (will be dropped)") }
    }
}
