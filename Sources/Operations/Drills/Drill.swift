/// One way to break a running system, and to mend it again.
public struct Drill: Sendable {
    /// What is special about a drill.
    struct Traits: OptionSet {
        let rawValue: Int
        /// It leaves the server and Postgres alone: clients must not notice.
        static let sparesClients = Traits(rawValue: 1)
        /// It ends processes by SIGTERM alone: no row may come twice.
        static let onlyStops = Traits(rawValue: 2)
        /// It is about something that only exactly-once delivery has.
        static let needsExactlyOnce = Traits(rawValue: 4)
    }

    /// A word to call it by.
    public let name: String
    /// What is done to the system, in one sentence.
    public let summary: String
    /// What it needs of its stack and of the machine.
    public let needs: DrillNeeds
    /// What is special about it.
    let traits: Traits
    /// Settings of its stack, by service.
    let settings: [DrillStack.Service: [String: String]]
    /// Breaks and mends: when it returns, all processes run again and nothing is held.
    let fault: @Sendable (DrillScene) throws -> Void
    /// What is done when the clients have ended and everything is published; then it has to drain again.
    let atRest: (@Sendable (DrillScene) throws -> Void)?

    init(
        _ name: String, _ summary: String, switchesKafka: Bool = false, needs: DrillNeeds = [], traits: Traits = [],
        settings: [DrillStack.Service: [String: String]] = [:],
        atRest: (@Sendable (DrillScene) throws -> Void)? = nil, _ fault: @escaping @Sendable (DrillScene) throws -> Void
    ) {
        (self.name, self.summary, self.settings, self.fault, self.atRest) = (name, summary, settings, fault, atRest)
        self.traits = traits
        self.needs = switchesKafka ? needs.union(.brokers) : needs
    }
}
