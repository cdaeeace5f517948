import Hummingbird
import Operations

/// Work that goes on without the page that began it: bulk actions, done by the server, and rebuilds of the read model,
/// done by a projector. `GET` says how far it is; ``ActionRequest`` stops it.
struct ConsoleLongWork: Sendable {
    let configuration: ConsoleConfiguration
    let actions: ConsoleActions

    private struct Bulks: Encodable { var bulks: [Bulk] }
    private struct Rebuilds: Encodable { var rebuilds: [Rebuild] }

    func add(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        addBulks(to: router, questions: questions)
        router.get("rebuilds") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(Rebuilds(rebuilds: try await questions.ask { try $0.rebuilds() }))
        }
        router.post("rebuilds/preview") { request, _ in
            _ = try await ConsoleBody.read(RebuildRequest.self, request)
            return try ConsoleAnswer.json(try await questions.ask { try $0.previewRebuild() })
        }
        router.post("rebuilds") { [actions] request, _ in
            let wish = try await ConsoleBody.read(RebuildRequest.self, request)
            return try ConsoleAnswer.json(
                try await actions.act(request) { desk, _ in
                    try desk.beginRebuild(
                        ordersPerSecond: wish.ordersPerSecond ?? OperationsLimits.usualRebuildRate,
                        reason: wish.reason ?? "")
                })
        }
    }

    private func addBulks(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        let topics = configuration.topics
        router.get("bulks") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(Bulks(bulks: try await questions.ask { try $0.bulks() }))
        }
        router.post("bulks/preview") { request, _ in
            let wish = try await ConsoleBody.read(BulkRequest.self, request)
            return try ConsoleAnswer.json(
                try await questions.ask { desk in
                    try desk.previewBulk(wish.decision(), wish.keys(desk, topics), rows: wish.rowsMeant())
                })
        }
        router.post("bulks") { [actions] request, _ in
            let wish = try await ConsoleBody.read(BulkRequest.self, request)
            return try ConsoleAnswer.json(
                try await actions.act(request) { desk, jobs in
                    try jobs.requireRoom(.bulk, desk)
                    let bulk = try desk.beginBulk(
                        wish.decision(), wish.keys(desk, topics), rows: wish.rowsMeant(), reason: wish.reason ?? "")
                    try jobs.run(.bulk, bulk.bulkId)
                    return bulk
                })
        }
    }
}
