import HTTPTypes
import Hummingbird
import Logging

/// Decides for each request whether it may go on, adds the headers that bound what a page may do, and turns errors into
/// answers.
struct ConsoleGuard: RouterMiddleware {
    typealias Context = BasicRequestContext

    let access: ConsoleAccess
    let allowsActions: Bool
    /// Whether the console listens on loopback only.
    let isLocal: Bool

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            try checkHost(request)
            let methods = ConsoleAPI.methods(of: request.uri.path)
            if !methods.isEmpty, !methods.contains(request.method) { return decorated(try Self.wrongMethod(methods)) }
            if request.method != .get && request.method != .head { try checkWrite(request) }
            guard ConsoleAccess.isOpen(request.uri.path) || access.admits(request) else {
                return decorated(access.refusal(request))
            }
            response = try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            response = try ConsoleAnswer.json(
                ConsoleError(.notFound, "there is no \(request.uri.path)"), status: .notFound)
        } catch let error as HTTPError {
            response = try ConsoleAnswer.json(
                ConsoleError(error.status, error.body ?? error.status.reasonPhrase), status: error.status)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let answer = ConsoleError.of(error)
            if answer.status == .internalServerError {
                context.logger.error(
                    "a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
            response = try ConsoleAnswer.json(answer, status: answer.status)
        }
        return decorated(response)
    }

    private static func wrongMethod(_ methods: [HTTPRequest.Method]) throws -> Response {
        let names = methods.map(\.rawValue).joined(separator: ", ")
        let error = ConsoleError(.methodNotAllowed, "this path has the method \(names) only")
        var response = try ConsoleAnswer.json(error, status: error.status)
        response.headers[.allow] = names
        return response
    }

    private func decorated(_ response: Response) -> Response {
        var response = response
        response.headers[.contentSecurityPolicy] =
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[Self.referrerPolicy] = "no-referrer"
        response.headers[Self.openerPolicy] = "same-origin"
        return response
    }

    private static let referrerPolicy = HTTPField.Name("referrer-policy")!
    private static let openerPolicy = HTTPField.Name("cross-origin-opener-policy")!
    private static let fetchSite = HTTPField.Name("sec-fetch-site")!
    private static let localHosts = ["localhost", "127.0.0.1", "[::1]"]

    /// A console on loopback answers to local names only. Otherwise a web page could point a name of its own to
    /// 127.0.0.1 and read the console through the browser of its visitor (DNS rebinding).
    private func checkHost(_ request: Request) throws {
        guard isLocal, access.isOpenToAll, let authority = request.head.authority else { return }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        guard Self.localHosts.contains(host.lowercased()) else {
            throw ConsoleError(
                .misdirectedRequest,
                "this console answers to localhost; for another name set CONSOLE_TOKEN or CONSOLE_PROXY_HEADER")
        }
    }

    /// Another site's page can send a form, but neither JSON nor a request that its browser calls same-origin.
    private func checkWrite(_ request: Request) throws {
        if let site = request.headers[Self.fetchSite], site != "same-origin", site != "none" {
            throw ConsoleError(.forbidden, "a page of another site may not use the console")
        }
        guard request.uri.path != ConsoleAccess.loginPath else { return }
        guard allowsActions else {
            throw ConsoleError(.forbidden, "this console only shows; CONSOLE_ACTIONS=true allows actions")
        }
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
            throw ConsoleError(.unsupportedMediaType, "content-type: must be application/json")
        }
    }
}
