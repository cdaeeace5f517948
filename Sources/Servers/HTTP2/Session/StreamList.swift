/// The open streams of a session, linked through the streams themselves: a stream is removed without a search.
struct StreamList {
    private var first: HTTP2Stream?
    private(set) var count = 0

    /// Any stream; nil if there is none.
    var any: HTTP2Stream? { first }

    mutating func insert(_ stream: HTTP2Stream) {
        stream.next = first
        first?.previous = stream
        first = stream
        count += 1
    }

    mutating func remove(_ stream: HTTP2Stream) {
        if stream.previous == nil { first = stream.next } else { stream.previous?.next = stream.next }
        stream.next?.previous = stream.previous
        stream.previous = nil
        stream.next = nil
        count -= 1
        assert(count >= 0, "a stream was removed twice")
    }

    /// Calls `body` with each stream; it may remove the stream it is called with.
    func forEach(_ body: (HTTP2Stream) -> Void) {
        var next = first
        while let stream = next {
            next = stream.next
            body(stream)
        }
    }

    /// The streams whose requests are overdue now; each is returned once.
    func takeOverdue(now: Duration) -> [HTTP2Stream] {
        var overdue: [HTTP2Stream] = []
        forEach { if $0.request.takeOverdue(now: now) { overdue.append($0) } }
        return overdue
    }
}
