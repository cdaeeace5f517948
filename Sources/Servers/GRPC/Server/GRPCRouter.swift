public import SwiftProtobuf

/// The methods of a server, by name.
///
/// Handlers are `async`. A handler that throws ends its call with the status of the error: of a `GRPCError`, or of an
/// error that is `GRPCErrorConvertible`; any other error becomes UNKNOWN. A second registration of a name replaces the
/// first.
public struct GRPCRouter: Sendable {
    private(set) var methods: [String: GRPCMethod] = [:]
    let limits: GRPCLimits

    /// A router without methods.
    ///
    /// - Parameter limits: the bounds of every call.
    public init(limits: GRPCLimits = GRPCLimits()) {
        self.limits = limits
    }

    /// The full names of the services that have methods, sorted.
    public var services: [String] {
        Set(methods.keys.map { String($0.prefix { $0 != "/" }) }).sorted()
    }

    /// Registers a method with one request and one response.
    ///
    /// - Parameter service: the full name, such as `orders.v1.OrderService`.
    public mutating func unary<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = GRPCMethodOptions(),
        _ handler: nonisolated(nonsending) @escaping @Sendable (Request, GRPCContext) async throws -> Response
    ) {
        addMessageHandler(service, method, options) { (request: Request, call) in
            try call.succeed(try await handler(request, call.context))
        }
    }

    /// Registers a method with one request and one response whose handler never waits: it runs without a task, inside
    /// the processing of the frame that completes the request. It must not block, and it cannot be cancelled.
    ///
    /// - Parameter service: the full name, such as `orders.v1.OrderService`.
    public mutating func unary<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String,
        _ handler: @escaping @Sendable (Request, GRPCContext) throws -> Response
    ) {
        add(
            service, method,
            .message { call, bytes in
                do {
                    try call.succeed(onLoop: handler(GRPCCodec.decode(Request.self, bytes), call.context))
                } catch {
                    call.fail(onLoop: GRPCError(any: error))
                }
            })
    }

    /// Registers a method with one request and one response whose handler returns before there is an answer, and has no
    /// task: it starts work and answers through its ``GRPCReply``. A handler that throws ends its call. It runs inside
    /// the processing of the frame that completes the request, so it must not block.
    ///
    /// - Parameter service: the full name, such as `orders.v1.OrderService`.
    public mutating func unary<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String,
        replying handler: @escaping @Sendable (Request, GRPCContext, GRPCReply<Response>) throws -> Void
    ) {
        add(
            service, method,
            .message { call, bytes in
                do {
                    try handler(GRPCCodec.decode(Request.self, bytes), call.context, GRPCReply(call: call))
                } catch {
                    call.fail(onLoop: GRPCError(any: error))
                }
            })
    }

    /// Registers a method with one request and any number of responses. The call ends when the handler returns.
    ///
    /// - Parameter service: the full name, such as `orders.v1.OrderService`.
    public mutating func serverStreaming<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = GRPCMethodOptions(),
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, GRPCResponseWriter<Response>, GRPCContext)
            async throws -> Void
    ) {
        addMessageHandler(service, method, options) { (request: Request, call) in
            try await handler(request, GRPCResponseWriter(call: call), call.context)
            call.end()
        }
    }

    /// Registers a method with any number of requests and one response.
    ///
    /// - Parameter service: the full name, such as `orders.v1.OrderService`.
    public mutating func clientStreaming<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = GRPCMethodOptions(),
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (GRPCRequestStream<Request>, GRPCContext) async throws ->
            Response
    ) {
        addStreamHandler(service, method, options) { (requests: GRPCRequestStream<Request>, call) in
            try call.succeed(try await handler(requests, call.context))
        }
    }

    /// Registers a method with any number of requests and responses, in any order. The call ends when the handler
    /// returns.
    ///
    /// - Parameter service: the full name, such as `orders.v1.OrderService`.
    public mutating func bidirectional<Request: Message & Sendable, Response: Message & Sendable>(
        _ service: String, _ method: String, options: GRPCMethodOptions = GRPCMethodOptions(),
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (
                GRPCRequestStream<Request>, GRPCResponseWriter<Response>, GRPCContext
            ) async throws
            -> Void
    ) {
        addStreamHandler(service, method, options) { (requests: GRPCRequestStream<Request>, call) in
            try await handler(requests, GRPCResponseWriter(call: call), call.context)
            call.end()
        }
    }

    /// Answers the methods that `service` has now under a second service name, for clients of an older package.
    public mutating func alias(_ alias: String, for service: String) {
        for (name, method) in methods where name.hasPrefix(service + "/") {
            add(alias, String(name.dropFirst(service.count + 1)), method.start)
        }
    }

    // MARK: - Registration

    /// Runs the handler and sends its responses. Made once per method.
    private typealias Work<Input> = GRPCServerCall.Work<Input>

    /// Adds a method whose handler starts with its one request message.
    @inline(__always)
    private mutating func addMessageHandler<Request: Message & Sendable>(
        _ service: String, _ method: String, _ options: GRPCMethodOptions, _ work: @escaping Work<Request>
    ) {
        add(
            service, method,
            .message { call, bytes in
                do {
                    call.run(try GRPCCodec.decode(Request.self, bytes), placement: options.placement, work)
                } catch {
                    call.fail(error)
                }
            })
    }

    /// Adds a method whose handler starts at the header block.
    @inline(__always)
    private mutating func addStreamHandler<Request: Message & Sendable>(
        _ service: String, _ method: String, _ options: GRPCMethodOptions,
        _ work: @escaping Work<GRPCRequestStream<Request>>
    ) {
        add(
            service, method,
            .headers { call in call.run(GRPCRequestStream(call: call), placement: options.placement, work) })
    }

    private mutating func add(_ service: String, _ method: String, _ start: GRPCMethod.Start) {
        let name = "\(service)/\(method)"
        methods[name] = GRPCMethod(name: name, start: start)
    }
}
