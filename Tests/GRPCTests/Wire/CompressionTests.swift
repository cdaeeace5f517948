import HTTP2TestKit
import SwiftProtobuf
import Testing

@testable import GRPC

/// Compression by zlib, alone and over the wire.
@Suite struct CompressionTests {
    private typealias Bytes = Google_Protobuf_BytesValue

    @Test(arguments: [GRPCEncoding.gzip, .deflate])
    func whatIsCompressedCanBeRead(_ encoding: GRPCEncoding) throws {
        for size in [0, 1, 1_000, 1_000_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let compressed = try #require(bytes.withUnsafeBytes { Compression.compress($0, encoding) })
            let back = try compressed.withUnsafeBytes { try Compression.decompress($0, encoding, limitBytes: size) }
            #expect(back == bytes)
        }
    }

    @Test func aBombIsDefusedAtTheLimit() throws {
        let bytes = [UInt8](repeating: 0, count: 10_000_000)
        let bomb = try #require(bytes.withUnsafeBytes { Compression.compress($0, .gzip) })
        #expect(bomb.count < 20_000)
        #expect {
            _ = try bomb.withUnsafeBytes { try Compression.decompress($0, .gzip, limitBytes: 100_000) }
        } throws: { ($0 as? GRPCError)?.code == .resourceExhausted }
    }

    @Test func damageIsNoticed() throws {
        let bytes = [UInt8](repeating: 7, count: 1_000)
        let good = try #require(bytes.withUnsafeBytes { Compression.compress($0, .gzip) })
        for bad in [[], Array(good.dropLast(3)), good + [0], [1, 2, 3]] {
            #expect {
                _ = try bad.withUnsafeBytes { try Compression.decompress($0, .gzip, limitBytes: 10_000) }
            } throws: { ($0 as? GRPCError)?.code == .internal }
        }
    }

    @Test(arguments: ["gzip", "deflate"])
    func bothWaysOverTheWire(_ name: String) async throws {
        try await withServer(GRPCApplication(router: EchoService.router())) { port, _ in
            try await offPool {
                let encoding = name == "gzip" ? GRPCEncoding.gzip : .deflate
                let client = try RawConnection(port: port)
                try client.handshake()
                let message: [UInt8] = try Bytes([UInt8](repeating: 3, count: 100_000)).serializedBytes()
                let compressed = message.withUnsafeBytes { Compression.compress($0, encoding) } ?? []
                client.headers(
                    1,
                    HeaderEncoder.call(
                        "/test.Echo/Unary", [("grpc-encoding", name), ("grpc-accept-encoding", "identity, \(name)")]))
                client.data(1, frame(compressed, flag: 1), end: true)
                let response = try client.response(1)
                #expect(response.grpcStatus == 0)
                #expect(response["grpc-encoding"] == name)
                #expect(response.body.first == 1)
                let answer = try (response.messages.first ?? []).withUnsafeBytes {
                    try Compression.decompress($0, encoding, limitBytes: 1_000_000)
                }
                #expect(answer == message)
            }
        }
    }

    @Test func smallMessagesAndOtherClientsGetPlainOnes() async throws {
        try await withServer(GRPCApplication(router: EchoService.router())) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                let small = try client.call(1, "Unary", Bytes([1]), [("grpc-accept-encoding", "gzip")])
                #expect(small.body.first == 0)
                let large = try client.call(3, "Unary", Bytes([UInt8](repeating: 3, count: 10_000)))
                #expect(large.body.first == 0)
                #expect(large["grpc-encoding"] == nil)
            }
        }
    }
}
