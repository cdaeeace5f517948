import OrdersProto

/// Server-Sent Events as text.
enum EventStreamText {
    /// Tells a browser to come back a second after the stream broke.
    static let beginning = Array("retry: 1000\n\n".utf8)

    static func item(_ item: OrderHandlers.WatchItem) -> [UInt8] {
        switch item {
        case .quiet: return Array(": quiet\n\n".utf8)
        case .event(let event):
            var json = JSONWriter()
            json.object { OrderJSON.write(event, &$0) }
            let head = "id: \(event.sequenceNumber)\nevent: \(event.eventType)\ndata: "
            return Array(head.utf8) + json.bytes + Array("\n\n".utf8)
        }
    }
}
