import Admin

/// What operators ask of the server beside its API.
struct Operations: Sendable {
    let readiness: @Sendable () async -> Health
    let metrics: MetricsRegistry
    let requests: RequestMetrics
    private let watchers: Gauge
    private let countWatchers: @Sendable () -> Int

    /// - Parameter watchers: how many wait for an order to change, asked when somebody reads the metrics.
    init(
        readiness: @escaping @Sendable () async -> Health, metrics: MetricsRegistry,
        watchers: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.readiness = readiness
        self.metrics = metrics
        requests = RequestMetrics(metrics)
        countWatchers = watchers
        self.watchers = metrics.gauge(
            "orders_watchers", "Clients that watch an order or wait for the list to catch up.")
    }

    func readinessResponse() async -> RESTResponse {
        let health = await readiness()
        return .text(status: health.isOK ? 200 : 503, health.message)
    }

    func metricsResponse() -> RESTResponse {
        watchers.set(Double(countWatchers()))
        return .typed("text/plain; version=0.0.4; charset=utf-8", Array(metrics.render().utf8))
    }
}
