import Admin

/// What operators ask of the server beside its API.
struct Operations: Sendable {
    let readiness: @Sendable () async -> Health
    let metrics: MetricsRegistry
    let requests: RequestMetrics

    init(readiness: @escaping @Sendable () async -> Health, metrics: MetricsRegistry) {
        self.readiness = readiness
        self.metrics = metrics
        requests = RequestMetrics(metrics)
    }

    func readinessResponse() async -> RESTResponse {
        let health = await readiness()
        return .text(status: health.isOK ? 200 : 503, health.message)
    }

    func metricsResponse() -> RESTResponse {
        .typed("text/plain; version=0.0.4; charset=utf-8", Array(metrics.render().utf8))
    }
}
