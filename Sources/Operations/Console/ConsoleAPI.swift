import HTTPTypes

/// The JSON API as a whole: its paths, and its description in OpenAPI 3.1, whose source is `openapi.json` in `Assets`.
/// Tests compare the paths with the routes and with the description, both ways.
enum ConsoleAPI {
    static let document = PackageResources.openapi_json

    static let paths: [(template: String, method: HTTPRequest.Method)] = [
        ("/api/v1/openapi.json", .get), ("/api/v1/config", .get), ("/api/v1/status", .get),
        ("/api/v1/history", .get), ("/api/v1/live", .get), ("/api/v1/reports", .get), ("/api/v1/events", .get),
        ("/api/v1/events/{id}", .get), ("/api/v1/orders/{id}", .get), ("/api/v1/parked", .get),
        ("/api/v1/drills", .get), ("/api/v1/drills/{number}", .get), ("/api/v1/decisions", .get),
        ("/api/v1/replays", .get), ("/api/v1/actions", .post),
        ("/api/v1/actions/preview", .post), ("/api/v1/rebuilds", .get), ("/api/v1/rebuilds", .post),
        ("/api/v1/rebuilds/preview", .post), ("/api/v1/bulks", .get), ("/api/v1/bulks", .post),
        ("/api/v1/bulks/preview", .post),
    ]

    /// The methods of a path; none if the API has no such path.
    static func methods(of path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return paths.filter { template, _ in
            let wanted = template.split(separator: "/", omittingEmptySubsequences: false)
            return wanted.count == segments.count
                && zip(wanted, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") && !$1.isEmpty }
        }.map(\.method)
    }
}
