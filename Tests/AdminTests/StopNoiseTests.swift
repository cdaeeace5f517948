import Logging
import Testing

@testable import Admin

@Suite struct StopNoiseTests {
    @Test func errorsOfConnectionsCountUntilTheStopBegins() {
        let noise = StopNoise()
        let lines = Lines()
        let logger = noise.filtering(Logger(label: "test") { _ in lines })
        logger.error("first")
        noise.begin()
        logger.error("second")
        #expect(lines.count == 1)
    }

    private final class Lines: LogHandler, @unchecked Sendable {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        var count = 0
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { count += 1 }
    }
}
