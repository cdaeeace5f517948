/// What makes a message, or a stored event, impossible to project; the rest of a sentence that starts with it. Safe to
/// log.
struct UnreadableMessage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
