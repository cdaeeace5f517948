/// Decides which timeouts of one connection have passed: request, idle, stalled output, lingering and drain.
///
/// Pure: at each tick the driver passes the time and a view of the connection, and performs the action that is
/// returned.
struct RequestClock {
    /// The connection at a tick.
    struct View {
        /// A request has begun and is not complete.
        var isReceiving = false
        /// The number of requests that were complete so far; tells one request from the next.
        var requests: UInt64 = 0
        /// A request is being answered.
        var isAnswering = false
        /// Output waits for the socket.
        var isBlocked = false
        /// Output went to the socket since the last tick.
        var progressed = false
        /// The last response was sent, and input is dropped.
        var isLingering = false
    }

    /// An action for the driver.
    enum Action: Equatable {
        case none
        /// Answer 408 and close.
        case refuse
        case close
    }

    private let limits: HTTP1Limits
    private var receiving: (request: UInt64, since: Duration)?
    private var idleSince: Duration?
    private var blockedSince: Duration?
    private var lingeringSince: Duration?
    private var drainingSince: Duration?

    /// A connection that begins now. Times are durations since any fixed instant.
    init(limits: HTTP1Limits, now: Duration) {
        self.limits = limits
        idleSince = now
    }

    /// The first bytes of a request came.
    private mutating func requestBegan(now: Duration, request: UInt64) {
        if receiving?.request != request { receiving = (request, now) }
    }

    /// The server stops.
    mutating func drainBegan(now: Duration) {
        if drainingSince == nil { drainingSince = now }
    }

    /// Time has passed. `now` never decreases.
    mutating func tick(now: Duration, _ view: View) -> Action {
        observe(now, view)
        if let lingeringSince { return now - lingeringSince >= limits.lingerTimeout ? .close : .none }
        if let drainingSince, now - drainingSince >= limits.drainTimeout { return .close }
        if let blockedSince, now - blockedSince >= limits.writeStallTimeout { return .close }
        if let receiving, now - receiving.since >= limits.requestTimeout { return .refuse }
        if let idleSince, now - idleSince >= limits.idleTimeout { return .close }
        return .none
    }

    private mutating func observe(_ now: Duration, _ view: View) {
        if view.isReceiving { requestBegan(now: now, request: view.requests) } else { receiving = nil }
        if view.isReceiving || view.isAnswering { idleSince = nil } else if idleSince == nil { idleSince = now }
        if !view.isBlocked { blockedSince = nil } else if view.progressed || blockedSince == nil { blockedSince = now }
        if view.isLingering, lingeringSince == nil { lingeringSince = now }
    }
}
