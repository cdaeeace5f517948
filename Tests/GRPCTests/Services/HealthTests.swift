import HTTP2TestKit
import SwiftProtobuf
import Testing

@testable import GRPC

@Suite struct HealthTests {
    private typealias Kind = RawFrame.Kind
    private typealias Response = Grpc_Health_V1_HealthCheckResponse

    private static func request(_ service: String) -> Grpc_Health_V1_HealthCheckRequest {
        .with { $0.service = service }
    }

    private static func status(_ payload: [UInt8]) throws -> Response.ServingStatus {
        try Response(serializedBytes: Array(payload.dropFirst(5))).status
    }

    private func talk(_ health: GRPCHealth, _ body: @escaping @Sendable (RawConnection) throws -> Void) async throws {
        var router = GRPCRouter()
        router.health(health)
        try await withServer(GRPCApplication(router: router)) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                try body(client)
            }
        }
    }

    private static func check(_ client: RawConnection, _ stream: UInt32, _ service: String) throws -> RawResponse {
        client.headers(stream, HeaderEncoder.call("/grpc.health.v1.Health/Check"))
        client.data(stream, frame(try request(service).serializedBytes()), end: true)
        return try client.response(stream)
    }

    @Test func checkAnswersPerService() async throws {
        let health = GRPCHealth()
        health.set(.notServing, for: "a.B")
        try await talk(health) { client in
            expectSame(try Self.status(try Self.check(client, 1, "").body), .serving)
            expectSame(try Self.status(try Self.check(client, 3, "a.B").body), .notServing)
            expectSame(try Self.check(client, 5, "c.D").grpcStatus, 5)
            health.drain()
            health.set(.serving, for: "a.B")
            expectSame(try Self.status(try Self.check(client, 7, "").body), .notServing)
            expectSame(try Self.status(try Self.check(client, 9, "a.B").body), .notServing)
        }
    }

    /// Otherwise a client that watches delays a shutdown until the drain timeout.
    @Test func aDrainReportsNotServingAndEndsTheWatch() async throws {
        let health = GRPCHealth()
        try await talk(health) { client in
            client.headers(1, HeaderEncoder.call("/grpc.health.v1.Health/Watch"))
            client.data(1, frame(try Self.request("").serializedBytes()), end: true)
            expectSame(try Self.status(try client.read(Kind.data).payload), .serving)
            health.drain()
            health.endWatches()
            expectSame(try Self.status(try client.read(Kind.data).payload), .notServing)
            expectSame(try client.response(1).grpcStatus, 14)
            client.headers(3, HeaderEncoder.call("/grpc.health.v1.Health/Watch"))
            client.data(3, frame(try Self.request("").serializedBytes()), end: true)
            expectSame(try client.response(3).grpcStatus, 14)
        }
    }

    @Test func watchReportsEachChangeUntilTheClientLeaves() async throws {
        let health = GRPCHealth()
        try await talk(health) { client in
            client.headers(1, HeaderEncoder.call("/grpc.health.v1.Health/Watch"))
            client.data(1, frame(try Self.request("a.B").serializedBytes()), end: true)
            expectSame(try Self.status(try client.read(Kind.data).payload), .serviceUnknown)
            health.set(.serving, for: "a.B")
            expectSame(try Self.status(try client.read(Kind.data).payload), .serving)
            health.set(.serving, for: "a.B")
            health.set(.notServing, for: "a.B")
            expectSame(try Self.status(try client.read(Kind.data).payload), .notServing)
            #expect(health.watcherCount == 1)
            client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
            client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
            _ = try client.read(Kind.ping)
            #expect(health.watcherCount == 0)
        }
    }
}
