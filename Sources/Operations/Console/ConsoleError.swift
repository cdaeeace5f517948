import FoundationEssentials
import HTTPTypes
import Hummingbird
import Operations
import Outbox
import Postgres

/// An answer other than 200, with one line for the person in front of the page.
struct ConsoleError: Error, Encodable {
    let status: HTTPResponse.Status
    let message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    private enum CodingKeys: String, CodingKey {
        case message
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(message, forKey: .message)
    }

    /// What a failed question means to the one who asked it.
    static func of(_ error: any Error) -> ConsoleError {
        switch error {
        case let error as ConsoleError: error
        case let error as PostgresError where error.sqlState?.hasPrefix("22") == true:
            ConsoleError(.badRequest, error.message)
        case let error as PostgresError where error.sqlState == SQLState.insufficientPrivilege:
            ConsoleError(.forbidden, "the role of DATABASE_URL may not do this: \(error.message)")
        case let error as PostgresError:
            ConsoleError(.serviceUnavailable, "Postgres: \(error.description)")
        case let error as OutboxError:
            ConsoleError(.conflict, error.description)
        case let error as OperatorError:
            ConsoleError(.conflict, error.description)
        default:
            ConsoleError(.internalServerError, "the console failed; its log says why")
        }
    }
}

/// Answers in JSON.
enum ConsoleAnswer {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        response(try OperatorJSON.text(value), status)
    }

    /// An answer that other pages get as well; `age` says how many seconds old it is if something may have changed.
    static func json(_ answer: SharedAnswers.Answer) -> Response {
        var response = response(answer.json, .ok)
        let seconds = (ContinuousClock.now - answer.at).components.seconds
        if answer.isOld { response.headers[.age] = "\(max(1, seconds))" }
        return response
    }

    private static func response(_ json: String, _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: json)))
    }
}
