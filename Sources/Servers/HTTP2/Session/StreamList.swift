/// The open streams of a session. A stream knows its position, so it is removed without a search.
///
/// The references are not counted, because the reference that libnghttp2 holds keeps an open stream alive.
struct StreamList {
    private var streams: [Unmanaged<HTTP2Stream>] = []

    /// Streams in the list.
    var count: Int { streams.count }

    /// Any stream; nil if there is none.
    var any: HTTP2Stream? { streams.last?.takeUnretainedValue() }

    mutating func insert(_ stream: HTTP2Stream) {
        stream.position = streams.count
        streams.append(Unmanaged.passUnretained(stream))
    }

    /// Removes a stream of the list; the last one takes its position.
    mutating func remove(_ stream: HTTP2Stream) {
        let position = stream.position
        assert(streams[position].toOpaque() == Unmanaged.passUnretained(stream).toOpaque(), "a stream of another list")
        let last = streams.removeLast()
        guard position < streams.count else { return }
        streams[position] = last
        last._withUnsafeGuaranteedRef { $0.position = position }
    }

    /// Calls `body` with each stream; it must not change the list.
    func forEach(_ body: (HTTP2Stream) -> Void) {
        for stream in streams { stream._withUnsafeGuaranteedRef(body) }
    }

    /// The streams whose requests are overdue now; each is returned once.
    func takeOverdue(now: Duration) -> [HTTP2Stream] {
        var overdue: [HTTP2Stream] = []
        forEach { if $0.request.takeOverdue(now: now) { overdue.append($0) } }
        return overdue
    }
}
