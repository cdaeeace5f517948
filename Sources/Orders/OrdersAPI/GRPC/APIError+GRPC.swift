import GRPC

/// The only place that turns an error into a gRPC status, with its details in `grpc-status-details-bin`.
extension APIError: GRPCErrorConvertible {
    var grpcError: GRPCError {
        var details: [GRPCErrorDetail] = [.errorInfo(reason: reason, domain: Self.domain, metadata: metadata)]
        if !violations.isEmpty {
            details.append(.badRequest(violations.map { .init(field: $0.field, description: $0.problem) }))
        }
        if let retryAfter { details.append(.retryInfo(after: retryAfter)) }
        return GRPCError(GRPCStatusCode(rawValue: code.rawValue) ?? .unknown, message, details: details)
    }
}
