/// Decides which timeouts of one connection have passed: handshake, header block, keepalive, idle, age, stalled output
/// and the end of a drain.
///
/// Pure: at each tick the driver passes the time and a view of the connection, and performs the action that is
/// returned.
struct ConnectionClock {
    /// The connection at a tick.
    struct View {
        /// Bytes came since the last tick.
        var heard = false
        /// The preface and the peer's SETTINGS are complete, and over TLS the handshake.
        var isEstablished = true
        /// A number that changes with each header block; nil while no block is open.
        var openHeaderBlock: UInt64?
        /// Output waits for the socket.
        var isBlocked = false
        /// Output went to the socket since the last tick.
        var progressed = false
        /// Streams that are open.
        var streams = 0
    }

    /// An action for the driver; texts are for the log.
    enum Action: Equatable {
        case none
        /// Send a PING.
        case ping
        /// Begin a graceful close: first GOAWAY.
        case drain(String)
        /// The second GOAWAY, with the last stream that is served.
        case finalGoAway
        /// Close at once, with GOAWAY and this code.
        case close(HTTP2ErrorCode, String)
    }

    /// The graceful close.
    private enum Drain {
        case none
        /// The first GOAWAY was sent.
        case announced(since: Duration)
        /// The second GOAWAY was sent.
        case final(since: Duration)
    }

    private let limits: HTTP2Limits
    private let born: Duration
    private var lastHeard: Duration
    private var pinged: Duration?
    private var idleSince: Duration?
    private var headerBlock: (token: UInt64, since: Duration)?
    private var blockedSince: Duration?
    private var drain = Drain.none

    /// A connection that begins now. Times are durations since any fixed instant.
    init(limits: HTTP2Limits, now: Duration) {
        self.limits = limits
        born = now
        lastHeard = now
        idleSince = now
    }

    /// Whether a graceful close has begun.
    var isDraining: Bool {
        if case .none = drain { return false }
        return true
    }

    /// The first GOAWAY was sent.
    mutating func drainBegan(now: Duration) {
        if case .none = drain { drain = .announced(since: now) }
    }

    /// The peer answered the PING that followed the first GOAWAY. Returns whether the second GOAWAY is due now.
    mutating func drainAcknowledged(now: Duration) -> Bool {
        guard case .announced(let since) = drain else { return false }
        drain = .final(since: since)
        return true
    }

    /// Time has passed. `now` never decreases.
    mutating func tick(now: Duration, _ view: View) -> Action {
        observe(view, now: now)
        if let overdue = overdue(now: now, view) { return overdue }
        switch drain {
        case .announced(let since):
            if now - since >= limits.goAwayDelay {
                drain = .final(since: since)
                return .finalGoAway
            }
            return .none
        case .final(let since):
            return now - since >= limits.drainTimeout ? .close(.noError, "drain timeout") : .none
        case .none:
            return policy(now: now)
        }
    }

    private mutating func observe(_ view: View, now: Duration) {
        if view.heard {
            lastHeard = now
            pinged = nil
        }
        if view.streams > 0 { idleSince = nil } else if idleSince == nil { idleSince = now }
        if let token = view.openHeaderBlock {
            if headerBlock?.token != token { headerBlock = (token, now) }
        } else {
            headerBlock = nil
        }
        if !view.isBlocked {
            blockedSince = nil
        } else if view.progressed || blockedSince == nil {
            blockedSince = now
        }
    }

    /// Deadlines that the peer missed.
    private func overdue(now: Duration, _ view: View) -> Action? {
        if !view.isEstablished, now - born >= limits.handshakeTimeout {
            return .close(.settingsTimeout, "handshake timeout")
        }
        if let headerBlock, now - headerBlock.since >= limits.headerBlockTimeout {
            return .close(.enhanceYourCalm, "header block timeout")
        }
        if let blockedSince, now - blockedSince >= limits.writeStallTimeout {
            return .close(.cancel, "write stall timeout")
        }
        if let pinged, now - pinged >= limits.keepaliveTimeout {
            return .close(.cancel, "keepalive timeout")
        }
        return nil
    }

    /// The next measure for a connection that has missed no deadline.
    private mutating func policy(now: Duration) -> Action {
        if let age = limits.maximumAge, now - born >= age {
            drain = .announced(since: now)
            return .drain("maximum age")
        }
        if let idle = limits.idleTimeout, let idleSince, now - idleSince >= idle {
            drain = .announced(since: now)
            return .drain("idle")
        }
        if let interval = limits.keepaliveInterval, pinged == nil, now - lastHeard >= interval {
            pinged = now
            return .ping
        }
        return .none
    }
}
