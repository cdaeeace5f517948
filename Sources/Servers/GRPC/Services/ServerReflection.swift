import FoundationEssentials

/// Answers the requests of server reflection.
struct ServerReflection: Sendable {
    let index: DescriptorIndex
    /// The full names of the services, sorted.
    let services: [String]

    /// The response to one request of the stream.
    func answer(_ request: Grpc_Reflection_V1_ServerReflectionRequest) -> Grpc_Reflection_V1_ServerReflectionResponse {
        var response = Grpc_Reflection_V1_ServerReflectionResponse()
        response.validHost = request.host
        response.originalRequest = request
        response.messageResponse =
            switch request.messageRequest {
            case .fileByFilename(let name):
                files(index.file(named: name), "file \(name)")
            case .fileContainingSymbol(let symbol):
                files(index.file(defining: symbol), "symbol \(symbol)")
            case .fileContainingExtension(let question):
                files(
                    index.file(extending: question.containingType, number: question.extensionNumber),
                    "extension \(question.extensionNumber) of \(question.containingType)")
            case .allExtensionNumbersOfType(let type):
                extensionNumbers(of: type)
            case .listServices:
                serviceList
            case nil:
                error(.invalidArgument, "the request asks nothing")
            }
        return response
    }

    private typealias Answer = Grpc_Reflection_V1_ServerReflectionResponse.OneOf_MessageResponse

    private func files(_ found: [[UInt8]]?, _ what: String) -> Answer {
        guard let found else { return error(.notFound, "\(what) is not known") }
        var answer = Grpc_Reflection_V1_FileDescriptorResponse()
        answer.fileDescriptorProto = found.map { .init($0) }
        return .fileDescriptorResponse(answer)
    }

    private func extensionNumbers(of type: String) -> Answer {
        guard let numbers = index.extensionNumbers(of: type) else {
            return error(.notFound, "type \(type) is not known")
        }
        var answer = Grpc_Reflection_V1_ExtensionNumberResponse()
        answer.baseTypeName = type
        answer.extensionNumber = numbers
        return .allExtensionNumbersResponse(answer)
    }

    private var serviceList: Answer {
        var answer = Grpc_Reflection_V1_ListServiceResponse()
        answer.service = services.map { name in
            var service = Grpc_Reflection_V1_ServiceResponse()
            service.name = name
            return service
        }
        return .listServicesResponse(answer)
    }

    private func error(_ code: GRPCStatusCode, _ message: String) -> Answer {
        var answer = Grpc_Reflection_V1_ErrorResponse()
        answer.errorCode = Int32(code.rawValue)
        answer.errorMessage = message
        return .errorResponse(answer)
    }
}

// MARK: - The service

extension GRPCRouter {
    /// Registers server reflection, v1 and v1alpha, for all services that the router has now and for itself: call it
    /// last. Throws if a descriptor set cannot be read.
    ///
    /// - Parameter descriptorSets: serialized `google.protobuf.FileDescriptorSet`s of the services, imports included.
    ///   The sets of health and reflection are added.
    public mutating func reflection(descriptorSets: [[UInt8]]) throws(GRPCError) {
        let own = GRPCDescriptors.fileDescriptorSet.withUTF8Buffer { Base64.decode($0) } ?? []
        let index = try DescriptorIndex(descriptorSets + [own])
        let names = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
        let reflection = ServerReflection(index: index, services: (services + names).sorted())
        for name in names {
            // v1alpha differs from v1 in its package only, so the messages of v1 serve both.
            bidirectional(name, "ServerReflectionInfo") {
                (
                    requests: GRPCRequestStream<Grpc_Reflection_V1_ServerReflectionRequest>,
                    writer: GRPCResponseWriter<Grpc_Reflection_V1_ServerReflectionResponse>, _
                ) in
                for try await request in requests { try await writer.write(reflection.answer(request)) }
            }
        }
    }
}
