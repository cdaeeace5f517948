import HTTPTypes
import Hummingbird
import NIOCore
import Operations

/// The body of a request, as a value.
enum ConsoleBody {
    /// - Throws: ``ConsoleError`` that names the field.
    static func read<T: Decodable>(_ type: T.Type, _ request: Request) async throws -> T {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: ConsoleLimits.bodyBytes)
        } catch is NIOTooManyBytesError {
            throw ConsoleError(.contentTooLarge, "the body has more than \(ConsoleLimits.bodyBytes) bytes")
        }
        do {
            return try OperatorJSON.value(type, from: String(buffer: body))
        } catch let error as DecodingError {
            throw ConsoleError(.badRequest, Self.words(error))
        }
    }

    /// Names the field.
    static func words(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "\(name(of: [key])): is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(name(of: context.codingPath)): \(context.debugDescription)"
        default: "the body cannot be read"
        }
    }

    /// As the caller wrote it: `filter.aggregate_id`.
    private static func name(of path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "the body" }
        return path.map { key in
            key.stringValue.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
        }.joined(separator: ".")
    }
}
