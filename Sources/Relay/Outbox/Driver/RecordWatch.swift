import Logging
import Threads

/// At-least-once delivery: writes the outbox's record to Kafka at intervals, and finds out from it whether a relay
/// publishes from a later timeline. Then this relay is connected to an old primary, and ends.
///
/// Without transactions Kafka's producers do not fence each other. So rows that the old primary acknowledged reach
/// Kafka for one interval after the relay of the new primary has written its first record.
final class RecordWatch {
    private let configuration: RelayConfiguration
    private let factory: any PublisherFactory
    private let signals: RelaySignals
    private let logger: Logger
    private var keeper: (any RecordKeeper)?
    private var server: ServerIdentity?
    /// The newest record that this watch wrote or read.
    private var last: DeliveryRecord?
    private var hasWarned = false
    /// Whether Kafka did not answer the last look: the topic may have been made just then.
    private var isUnanswered = false

    /// How often the record is read and, if something was published, written.
    private var interval: Duration { configuration.lease / 3 }
    private var limit: Duration { signals.lastLimit(.milliseconds(OutboxLimits.recordCallMilliseconds)) }

    init(
        _ configuration: RelayConfiguration, factory: any PublisherFactory, signals: RelaySignals, logger: Logger
    ) {
        self.configuration = configuration
        self.factory = factory
        self.signals = signals
        self.logger = logger
    }

    /// Watches until the relay ends, while it leads.
    func run() {
        guard configuration.guarantee == .atLeastOnce else { return }
        while !signals.isFinished {
            if let place = signals.place {
                look(place)
                keeper?.rest()
            }
            let retry = Duration.milliseconds(OutboxLimits.recordRetryMilliseconds)
            signals.recordWake.wait(until: .now + (isUnanswered ? min(interval, retry) : interval))
        }
        // A clean stop leaves a record of where it ended: a relay on an older copy is noticed by it.
        if let place = signals.lastPlace, limit > .zero { look(place) }
    }

    /// What Kafka says to a question.
    enum Answer {
        /// Kafka has not answered: ask again.
        case open
        /// The record is not ahead, or nothing more can be found out.
        case settled
        /// The record is ahead.
        case isAhead(AheadRecord)
    }

    /// Before anything is published on a server, on the leading thread. Kafka being away is no reason not to lead: it
    /// is asked again while leading.
    ///
    /// - Throws: ``OutboxError`` with code `dataLoss`, which is final, if a relay has published from a later timeline.
    func ask(_ question: RecordQuestion) throws(OutboxError) -> Answer {
        guard configuration.guarantee == .atLeastOnce else { return .settled }
        do throws(PublishFailure) {
            guard let keeper = try keeper(of: question.server) else { return .settled }
            last = try keeper.lastRecord(within: min(limit, interval))
        } catch {
            warn(error)
            return .open
        }
        if let refusal = refusal(on: question.server) { throw refusal }
        do throws(PublishFailure) {
            return try answer(to: question)
        } catch {
            warn(error)
            return .open
        }
    }

    /// Compares the record that was just read, and reads the rows if it is ahead.
    private func answer(to question: RecordQuestion) throws(PublishFailure) -> Answer {
        guard let last, question.isAnswered(by: last, schema: configuration.schema) else { return .settled }
        do throws(PublishFailure) {
            let found = try factory.publishedRows(
                of: last.origin, after: question.known, guarantee: configuration.guarantee, recordedCut: last.cut)
            return .isAhead(
                AheadRecord(epoch: question.epoch, known: question.known, recordedCut: last.cut, found: found))
        } catch  where error.kind != .transient {
            logger.warning(
                "Kafka's record is ahead of this database, and whether rows are missing is unknown; going on",
                metadata: [
                    "recorded": "\(last.cut)", "known": "\(question.known)", "why": "\(error.explanation)",
                    "advice": "the relay needs to read its topics (ACL Read)",
                ])
            return .settled
        }
    }

    private func look(_ place: RelaySignals.LeadPlace) {
        do throws(PublishFailure) {
            guard let keeper = try keeper(of: place.server) else { return }
            last = try keeper.lastRecord(within: limit)
            if let refusal = refusal(on: place.server) { return signals.fail(refusal) }
            isUnanswered = false
            guard try isSettled(place.epoch) else { return }
            let record = DeliveryRecord(
                origin: place.server.origin(schema: configuration.schema), epoch: place.epoch, cut: place.settled.cut,
                through: place.settled.through)
            if let last, last == record || last.origin == record.origin && last.cut > record.cut { return }
            try keeper.write(record, within: limit)
            last = record
        } catch {
            warn(error)
        }
    }

    /// Whether no question of this epoch is open; asks it again.
    private func isSettled(_ epoch: Int64) throws(PublishFailure) -> Bool {
        guard let question = signals.question, question.epoch == epoch else { return true }
        switch try answer(to: question) {
        case .open: return false
        case .settled:
            signals.question = nil
            return true
        case .isAhead(let record):
            signals.contest(by: record)
            return false
        }
    }

    private func keeper(of server: ServerIdentity) throws(PublishFailure) -> (any RecordKeeper)? {
        if server != self.server {
            keeper = nil
            self.server = server
        }
        if keeper == nil {
            do throws(OutboxError) {
                keeper = try factory.makeRecordKeeper(for: server.origin(schema: configuration.schema))
            } catch {
                throw PublishFailure(.client, error.message)
            }
        }
        return keeper
    }

    private func refusal(on server: ServerIdentity) -> OutboxError? {
        guard configuration.afterDataLoss == .refuse, let last, last.origin.timeline > server.timeline,
            last.origin.isSameOutbox(as: server.origin(schema: configuration.schema))
        else { return nil }
        return OutboxError(
            .dataLoss,
            """
            a relay has published from timeline \(last.origin.timeline) of this database, and this server is on \
            timeline \(server.timeline): it is an old primary, whose rows the new one does not have. Stop this server, \
            or, if it is to stay the primary, set RELAY_AFTER_DATA_LOSS=continue
            """)
    }

    private func warn(_ failure: PublishFailure) {
        isUnanswered = failure.kind == .transient
        logger.log(
            level: hasWarned || failure.kind == .transient ? .debug : .warning,
            "Kafka's record of this outbox cannot be kept: a relay of an old primary would not be noticed",
            metadata: ["why": "\(failure.explanation)"])
        if failure.kind != .transient { hasWarned = true }
    }
}
