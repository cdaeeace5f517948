/// The description of REST for programs, in OpenAPI 3.1, served at `/openapi.json`. The source is `openapi.json` in
/// this folder; SwiftPM embeds it. A test compares it with the routes.
enum OpenAPIDocument {
    static let bytes = PackageResources.openapi_json
}

/// The page at `/docs`, which shows ``OpenAPIDocument`` to people. The source is `docs.html` in this folder: one file
/// that loads no script and no style from another server.
enum DocsPage {
    static let bytes = PackageResources.docs_html

    /// The page may run its own script and send requests to its own server; a browser refuses everything else.
    static let headers: ResponseFields = [
        .contentSecurityPolicy: """
        default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
        frame-ancestors 'none'
        """
    ]
}
