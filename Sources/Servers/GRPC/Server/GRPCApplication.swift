public import HTTP2

/// Answers gRPC requests by their route, and hands every other request to `http`.
public struct GRPCApplication: HTTP2Application {
    private let routes: GRPCRouteTable
    private let limits: GRPCLimits
    private let refusals: (any GRPCMethodObserver)?
    private let http: (any HTTP2Application)?

    /// - Parameters:
    ///   - router: the methods.
    ///   - observer: observes every call.
    ///   - http: answers requests whose content type is not gRPC's. Without it their status is 415.
    public init(router: GRPCRouter, observer: (any GRPCObserver)? = nil, http: (any HTTP2Application)? = nil) {
        routes = GRPCRouteTable(router.methods.mapValues { $0.observed(by: observer) })
        limits = router.limits
        refusals = observer?.observer(of: "unknown")
        self.http = http
    }

    /// Begins a call, refuses the request, or passes it on.
    public func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver {
        var found: GRPCMethod?
        let head = GRPCRequestHead(stream.headers) { found = routes.find($0) }
        guard head.isGRPC else {
            if let http { return http.accept(stream) }
            return refuse(stream, HTTP2Field(":status", "415"))
        }
        if stream.hasOversizedHeaders {
            return refuse(stream, GRPCError(.resourceExhausted, "the request's metadata exceeds the limit"))
        }
        switch head.verdict(on: found) {
        case .http(let status):
            return refuse(stream, status)
        case .status(let error):
            return refuse(stream, error)
        case .call(let method):
            let call = GRPCServerCall(stream: stream, method: method, head: head, limits: limits)
            call.begin()
            return call
        }
    }

    private func refuse(_ stream: HTTP2Stream, _ status: HTTP2Field) -> any HTTP2StreamReceiver {
        stream.respond([status], end: true)
        return GRPCRefusedCall()
    }

    private func refuse(_ stream: HTTP2Stream, _ error: GRPCError) -> any HTTP2StreamReceiver {
        let fields = GRPCResponseFields.headers + [GRPCResponseFields.acceptEncoding] + GRPCResponseFields.status(error)
        stream.respond(fields, end: true)
        refusals?.callEnded(error.code, duration: .zero)
        return GRPCRefusedCall()
    }
}

/// The receiver of a request that was answered at its header block. The session drops the body.
private final class GRPCRefusedCall: HTTP2StreamReceiver {
    func receive(_ bytes: UnsafeRawBufferPointer) {}
    func receiveEnd() {}
    func becameWritable() {}
    func closed(_ code: HTTP2ErrorCode) {}
}
