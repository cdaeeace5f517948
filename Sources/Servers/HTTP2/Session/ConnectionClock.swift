/// Decides what the passing of time means for one connection: handshake, header block, keepalive, idle, age, stalled
/// output and the end of a drain. Pure: the driver tells what it sees at each tick and does what it is told.
struct ConnectionClock {
    /// What the driver sees at a tick.
    struct View {
        /// Bytes came since the last tick.
        var heard = false
        /// The preface and the peer's SETTINGS are complete (over TLS, the handshake too).
        var isEstablished = true
        /// A header block was begun and is not complete; a token that changes with each block.
        var openHeaderBlock: UInt64?
        /// Output waits for the socket.
        var isBlocked = false
        /// Output left for the socket since the last tick.
        var progressed = false
        /// Streams that are open.
        var streams = 0
    }

    enum Action: Equatable {
        case none
        case ping
        /// Begin a graceful close: first GOAWAY.
        case drain(String)
        /// The second GOAWAY, with the last stream that is served.
        case finalGoAway
        /// Close at once, telling the peer why.
        case close(HTTP2ErrorCode, String)
    }

    private enum Drain {
        case none
        case announced(since: Duration)
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

    /// Times are durations since any fixed instant.
    init(limits: HTTP2Limits, now: Duration) {
        self.limits = limits
        born = now
        lastHeard = now
        idleSince = now
    }

    var isDraining: Bool {
        if case .none = drain { return false }
        return true
    }

    /// The first GOAWAY was sent.
    mutating func drainBegan(now: Duration) {
        if case .none = drain { drain = .announced(since: now) }
    }

    /// The peer answered the PING that followed the first GOAWAY; true when the second is due now.
    mutating func drainAcknowledged(now: Duration) -> Bool {
        guard case .announced(let since) = drain else { return false }
        drain = .final(since: since)
        return true
    }

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

    /// What a healthy connection is due for.
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
