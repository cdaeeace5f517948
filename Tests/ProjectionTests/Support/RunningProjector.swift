import Consumers
import ConsumersTestKit
import Postgres
import TestKit

@testable import Projection

typealias RunningProjector = RunningConsumer<ProjectorHappening>

extension RunningConsumer<ProjectorHappening> {
    convenience init(
        _ postgres: PostgresConfiguration, _ topic: MemoryTopic,
        _ change: (inout ProjectorConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ProjectorConfiguration(postgres: postgres, member: "test")
        configuration.topic = "orders"
        configuration.healingChunkOrders = 3
        change(&configuration)
        let log = ConsumerLog<ProjectorHappening>()
        let projector = try Projector(configuration, observer: log, logger: silence) { MemorySource(topic, $0) }
        self.init(log, run: { try await projector.run() }, stop: { projector.stop() })
    }

    func untilApplied(_ messages: Int) async {
        await log.until { entries in
            let applied = entries.happenings.map { if case .applied(let count, _, _, _) = $0 { count } else { 0 } }
            return applied.reduce(0, +) >= messages
        }
    }

    /// The sizes of the batches that were applied.
    var batches: [Int] {
        log.entries.happenings.compactMap { if case .applied(let count, _, _, _) = $0 { count } else { nil } }
    }

    func untilWalked(_ times: Int) async {
        await log.until(times) { if case .healed(_, _, true) = $0 { true } else { false } }
    }
}
