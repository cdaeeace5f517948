public import SwiftProtobuf

/// The methods of a server, by name. Handlers are `async` and may throw `GRPCError`, or any error that knows its status
/// (`GRPCErrorConvertible`).
public struct GRPCRouter: Sendable {
    private(set) var methods: [String: GRPCMethod] = [:]
    private var limits: GRPCLimits

    /// - Parameter limits: the bounds of every call.
    public init(limits: GRPCLimits = GRPCLimits()) {
        self.limits = limits
    }

    /// The full names of the services that have methods, sorted.
    public var services: [String] {
        Set(methods.keys.map { String($0.prefix { $0 != "/" }) }).sorted()
    }

    var sharedLimits: GRPCLimits { limits }

    /// Registers a method with one request and one response.
    public mutating func unary<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = .default,
        _ handler: nonisolated(nonsending) @escaping @Sendable (Request, GRPCContext) async throws -> Response
    ) {
        let placement = options.placement
        add(
            service, method,
            .message { call, bytes in
                guard let request = call.decodeOrFail(Request.self, bytes) else { return }
                call.run(placement: placement) {
                    do {
                        let response = try await handler(request, call.context)
                        call.succeed(try GRPCCodec.encode(response, limit: call.limits.sentMessageBytes))
                    } catch {
                        call.fail(error)
                    }
                }
            })
    }

    /// Registers a method with one request and any number of responses; the call ends when the handler returns.
    public mutating func serverStreaming<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = .default,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, GRPCResponseWriter<Response>, GRPCContext)
            async throws -> Void
    ) {
        let placement = options.placement
        add(
            service, method,
            .message { call, bytes in
                guard let request = call.decodeOrFail(Request.self, bytes) else { return }
                call.run(placement: placement) {
                    do {
                        try await handler(request, GRPCResponseWriter(call: call), call.context)
                        call.end()
                    } catch {
                        call.fail(error)
                    }
                }
            })
    }

    /// Registers a method with any number of requests and one response.
    public mutating func clientStreaming<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = .default,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (GRPCRequestStream<Request>, GRPCContext) async throws ->
            Response
    ) {
        let placement = options.placement
        add(
            service, method,
            .headers { call in
                call.run(placement: placement) {
                    do {
                        let response = try await handler(GRPCRequestStream(call: call), call.context)
                        call.succeed(try GRPCCodec.encode(response, limit: call.limits.sentMessageBytes))
                    } catch {
                        call.fail(error)
                    }
                }
            })
    }

    /// Registers a method with any number of requests and responses, in any order.
    public mutating func bidirectional<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = .default,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (
                GRPCRequestStream<Request>, GRPCResponseWriter<Response>, GRPCContext
            ) async throws
            -> Void
    ) {
        let placement = options.placement
        add(
            service, method,
            .headers { call in
                call.run(placement: placement) {
                    do {
                        try await handler(GRPCRequestStream(call: call), GRPCResponseWriter(call: call), call.context)
                        call.end()
                    } catch {
                        call.fail(error)
                    }
                }
            })
    }

    /// Answers to every method of `service` under a second service name too, for clients of an older package.
    public mutating func alias(_ alias: String, for service: String) {
        for (name, method) in methods where name.hasPrefix(service + "/") {
            add(alias, String(name.dropFirst(service.count + 1)), method.start)
        }
    }

    private mutating func add(_ service: String, _ method: String, _ start: GRPCMethod.Start) {
        let name = "\(service)/\(method)"
        methods[name] = GRPCMethod(name: name, start: start)
    }
}
