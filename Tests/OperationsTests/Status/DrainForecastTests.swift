import Testing

@testable import Operations

@Suite struct DrainForecastTests {
    @Test(arguments: [
        (0, 10.0, 10.0, "nothing waits"), (400, 90, 100, "drained in 40 s"),
        (5_000, 400, 100, "never: it grows by 300/s"),
        (5_000, 0, 0, "never: it neither grows nor shrinks"), (50, 100, 100, "flowing"),
        (36_000, 0, 10, "drained in 60 min"), (1_000_000, 0, 10, "drained in 28 h"),
    ])
    func aForecastIsASentence(_ rows: Int, _ written: Double, _ published: Double, _ summary: String) {
        let forecast = DrainForecast(rows: rows, written: written, published: published)
        #expect(forecast.summary == summary)
        #expect((forecast.drainedInSeconds == nil) == summary.hasPrefix("never"))
    }
}
