/// The head of an order after a decision. An object, because few replies want one and a head is large.
final class DecidedHead: Sendable {
    let head: StreamHead

    init(_ head: StreamHead) {
        self.head = head
    }
}
