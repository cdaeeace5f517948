import Admin
import HTTPTypes
import Hummingbird
import Listening
public import Logging
import Operations
import Runtime
public import ServiceLifecycle

/// The console of one outbox: pages, JSON API and live updates.
public struct ConsoleServer: Service {
    private let address: ListenAddress
    private let application: Application<RouterResponder<BasicRequestContext>>
    private let feed: StatusFeed
    private let close: @Sendable () async -> Void
    /// `GET /api/v1/events/{id}` and all others.
    let routes: [String]

    /// Does not listen yet, and connects nowhere; ``run()`` does.
    ///
    /// - Throws: when the process has no thread left.
    public init(_ configuration: ConsoleConfiguration, logger: Logger) throws {
        let questions = try Questions(configuration, size: ConsoleLimits.questionConnections)
        let statuses = try Questions(configuration, size: 1)
        let access = ConsoleAccess(configuration.access)
        let actions = try ConsoleActions(configuration, access)
        let surroundings = try Surroundings(configuration)
        feed = StatusFeed(
            { earlier in try await statuses.ask { try $0.status(since: earlier) } }, surroundings, logger: logger)
        let router = Router()
        router.middlewares.add(
            ConsoleGuard(
                access: access, allowsActions: configuration.allowsActions, isLocal: configuration.address.isLoopback))
        Self.addPages(router, access, feed)
        let api = router.group("api/v1")
        let searches = try TopicSearches(configuration)
        let reports = try ReportFiles(configuration)
        ConsoleRoutes(
            configuration: configuration, questions: questions, feed: feed, searches: searches,
            reports: reports
        ).add(to: api)
        actions.add(to: api, questions: questions)
        ConsoleLongWork(configuration: configuration, actions: actions).add(to: api, questions: questions)
        routes = router.routes.map { "\($0.method.rawValue) \($0.path)" }
        address = configuration.address
        application = Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port)),
            onServerRunning: { channel in
                let connections = DescriptorBudget.connections(
                    reserve: ConsoleLimits.reservedDescriptors, listeners: 1, most: ConsoleLimits.connections)
                await ConnectionGuard.protect(channel, connections: connections, logger: logger)
            }, logger: logger)
        close = {
            await questions.close()
            await statuses.close()
            actions.close()
            await surroundings.close()
            searches.close()
            reports.close()
        }
    }

    /// Serves until a graceful shutdown or until its task is cancelled.
    ///
    /// - Throws: `ConfigurationError` that names the variable to change, if the server cannot listen.
    public func run() async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await feed.run() }
                group.addTask { try await application.run() }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } catch  where ListenAddress.isAboutListening(error) {
            throw address.cannotListen(error)
        }
        await close()
    }

    private static func addPages(_ router: Router<BasicRequestContext>, _ access: ConsoleAccess, _ feed: StatusFeed) {
        let assets = ConsoleAssets()
        for name in assets.names {
            router.get("/\(name)") { request, _ in
                assets.response(name, ifNoneMatch: request.headers[.ifNoneMatch]) ?? Response(status: .notFound)
            }
        }
        router.get("/livez") { _, _ in Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ok\n"))) }
        router.get("/readyz") { _, _ in
            let health = await feed.health()
            return Response(
                status: health.isOK ? .ok : .serviceUnavailable, headers: [.contentType: "text/plain; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: health.text + "\n")))
        }
        router.post("/login") { request, _ in
            access.login(String(buffer: try await request.body.collect(upTo: ConsoleLimits.loginBytes)))
        }
    }
}
