import Admin
import Testing

struct MetricsRegistryTests {
    @Test func rendersThePrometheusText() {
        let metrics = MetricsRegistry()
        metrics.counter("rows_total", "Rows.", labels: [("table", "a\"b\\c")]).increment(by: 3)
        metrics.gauge("age_seconds", "Age.").set(1.5)
        let latency = metrics.histogram("latency_seconds", "Latency.", buckets: [0.1, 1])
        latency.observe(0.05)
        latency.observe(0.5, count: 2)
        latency.observe(9)
        #expect(
            metrics.render() == """
                # HELP age_seconds Age.
                # TYPE age_seconds gauge
                age_seconds 1.5
                # HELP latency_seconds Latency.
                # TYPE latency_seconds histogram
                latency_seconds_bucket{le="0.1"} 1
                latency_seconds_bucket{le="1.0"} 3
                latency_seconds_bucket{le="+Inf"} 4
                latency_seconds_sum 10.05
                latency_seconds_count 4
                # HELP rows_total Rows.
                # TYPE rows_total counter
                rows_total{table="a\\"b\\\\c"} 3

                """)
    }

    @Test func aComputedGaugeIsAskedAtEveryScrape() {
        let metrics = MetricsRegistry()
        let rows = metrics.counter("rows_total", "Rows.")
        metrics.gauge("left", "Left.", labels: [("a", "b")]) { 10 - Double(rows.total) }
        rows.increment(by: 4)
        #expect(metrics.render().contains("left{a=\"b\"} 6.0\n"))
    }

    @Test func theSameNameAndLabelsGiveTheSameMetric() {
        let metrics = MetricsRegistry()
        metrics.counter("a_total", "A.").increment()
        metrics.counter("a_total", "A.").increment()
        #expect(metrics.counter("a_total", "A.").total == 2)
    }
}
