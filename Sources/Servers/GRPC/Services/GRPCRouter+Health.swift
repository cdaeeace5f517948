extension GRPCRouter {
    /// Registers `grpc.health.v1.Health`, `Check` and `Watch`, answering from `health`.
    public mutating func health(_ health: GRPCHealth) {
        unary("grpc.health.v1.Health", "Check") {
            (request: Grpc_Health_V1_HealthCheckRequest, _) -> Grpc_Health_V1_HealthCheckResponse in
            guard let status = health.status(of: request.service) else {
                throw GRPCError(.notFound, "unknown service")
            }
            return .init(status)
        }
        serverStreaming("grpc.health.v1.Health", "Watch") {
            (
                request: Grpc_Health_V1_HealthCheckRequest,
                writer: GRPCResponseWriter<Grpc_Health_V1_HealthCheckResponse>,
                _
            ) in
            var last: Grpc_Health_V1_HealthCheckResponse?
            for await status in health.watch(request.service) {
                let response = Grpc_Health_V1_HealthCheckResponse(status)
                if response != last { try await writer.write(response) }
                last = response
            }
            throw GRPCError(.unavailable, "the server is stopping")
        }
    }
}

extension Grpc_Health_V1_HealthCheckResponse {
    fileprivate init(_ status: GRPCHealth.Status?) {
        self.init()
        switch status {
        case .serving: self.status = .serving
        case .notServing: self.status = .notServing
        case nil: self.status = .serviceUnknown
        }
    }
}
