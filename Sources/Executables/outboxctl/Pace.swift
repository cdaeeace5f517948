import Threads

/// Pauses between two questions: what operators ask about, a relay and a replay in the server, rings for nobody here.
enum Pace {
    private static let limit = Duration.seconds(30)
    private static let step = Duration.milliseconds(250)

    /// Waits for so long.
    static func pause(_ duration: Duration) throws {
        let wake = try WakeDescriptor()
        wake.wait(until: .now + duration)
    }

    /// Asks again and again; false if that is in vain for 30 seconds.
    static func waits(until isSo: () throws -> Bool) throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while try !isSo() {
            guard .now < deadline else { return false }
            try pause(step)
        }
        return true
    }
}
