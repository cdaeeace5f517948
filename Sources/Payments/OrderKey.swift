/// An order id that equals another only byte by byte, as in Postgres: Swift's strings also equal their canonical equivalents.
struct OrderKey: Hashable, Sendable {
    let id: String

    init(_ id: String) {
        self.id = id
    }

    static func == (left: OrderKey, right: OrderKey) -> Bool {
        left.id.utf8.elementsEqual(right.id.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var id = id
        id.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
