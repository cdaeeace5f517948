import FoundationEssentials

/// Answers the questions of server reflection.
struct ServerReflection: Sendable {
    let index: DescriptorIndex
    let services: [String]

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
