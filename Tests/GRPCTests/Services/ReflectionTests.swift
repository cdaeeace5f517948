import HTTP2TestKit
import SwiftProtobuf
import Testing

@testable import GRPC

@Suite struct ReflectionTests {
    typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
    typealias Response = Grpc_Reflection_V1_ServerReflectionResponse

    private static let descriptors = GRPCDescriptors.fileDescriptorSet.withUTF8Buffer { Base64.decode($0) } ?? []

    private func ask(_ question: Request.OneOf_MessageRequest) throws -> Response.OneOf_MessageResponse? {
        let reflection = ServerReflection(index: try DescriptorIndex([Self.descriptors]), services: ["a.B", "c.D"])
        return reflection.answer(.with { $0.messageRequest = question }).messageResponse
    }

    private func files(_ response: Response.OneOf_MessageResponse?) throws -> [String] {
        guard case .fileDescriptorResponse(let answer)? = response else { return [] }
        return try answer.fileDescriptorProto.map {
            try Google_Protobuf_FileDescriptorProto(serializedBytes: Array($0)).name
        }
    }

    @Test(arguments: [
        Request.OneOf_MessageRequest.fileByFilename("grpc/health/v1/health.proto"),
        .fileContainingSymbol("grpc.health.v1.Health"), .fileContainingSymbol("grpc.health.v1.Health.Check"),
        .fileContainingSymbol("grpc.health.v1.HealthCheckResponse"),
        .fileContainingSymbol("grpc.health.v1.HealthCheckResponse.ServingStatus"),
        .fileContainingSymbol("grpc.health.v1.HealthCheckRequest.service"),
    ])
    func filesAreFound(_ question: Request.OneOf_MessageRequest) throws {
        #expect(try files(ask(question)) == ["grpc/health/v1/health.proto"])
    }

    @Test func whatIsNotKnownIsNotFound() throws {
        for question in [
            Request.OneOf_MessageRequest.fileByFilename("x.proto"), .fileContainingSymbol("x"),
            .allExtensionNumbersOfType("x"),
        ] {
            guard case .errorResponse(let error)? = try ask(question) else {
                Issue.record("an answer to \(question)")
                continue
            }
            #expect(error.errorCode == 5)
        }
    }

    @Test func importsComeWithTheirFile() throws {
        var set = Google_Protobuf_FileDescriptorSet()
        set.file = [
            .with { $0.name = "base.proto" },
            .with {
                $0.name = "top.proto"
                $0.package = "top"
                $0.dependency = ["base.proto"]
                $0.extension = [
                    .with {
                        $0.name = "note"
                        $0.extendee = ".google.protobuf.MethodOptions"
                        $0.number = 7_000
                    }
                ]
            },
        ]
        let index = try DescriptorIndex([try set.serializedBytes()])
        #expect(index.file(named: "top.proto")?.count == 2)
        #expect(index.file(defining: "top.note")?.count == 2)
        #expect(index.file(extending: "google.protobuf.MethodOptions", number: 7_000)?.count == 2)
        #expect(index.extensionNumbers(of: "google.protobuf.MethodOptions") == [7_000])
    }

    @Test(arguments: ["v1", "v1alpha"])
    func servicesAreListedOverTheWire(_ version: String) async throws {
        var router = GRPCRouter()
        router.health(GRPCHealth())
        try router.reflection(descriptorSets: [])
        try await withServer(GRPCApplication(router: router)) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                client.headers(
                    1, HeaderEncoder.call("/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo"))
                let request = Request.with { $0.messageRequest = .listServices("") }
                client.data(1, frame(try request.serializedBytes()), end: true)
                let answer = try Response(serializedBytes: try client.response(1).messages.first ?? [])
                #expect(
                    answer.listServicesResponse.service.map(\.name) == [
                        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                        "grpc.reflection.v1alpha.ServerReflection",
                    ])
            }
        }
    }
}
