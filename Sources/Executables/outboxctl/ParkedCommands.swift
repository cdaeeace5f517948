import ArgumentParser
import Outbox

/// Lists the keys that wait for a decision.
struct ParkedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "Lists the keys that are parked because Kafka refused one of their rows.")

    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let keys = try options.reading { try $0.parked() }
        if keys.isEmpty { return print("no key is parked") }
        for parked in keys {
            let state = parked.isReleaseAsked ? "release asked" : "waiting"
            print(
                "\(parked.key)  row \(parked.outboxID)  \(parked.heldRows) held  since \(parked.parkedAt)  \(state)  "
                    + parked.error
            )
        }
    }
}

/// Shows why a key is parked and what waits behind it.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows why a key is parked, its held rows, and what can be done.",
        discussion:
            "Ends with status 1 if the key is not parked. Names that begin with a hyphen go to the end, behind --.")

    @Argument(help: "The aggregate type, for example order.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateID: String
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let key = OutboxKey(aggregateType: aggregateType, aggregateID: aggregateID)
        let (parked, held) = try options.reading { desk in
            let parked = try desk.parked().first { $0.key == key }
            return (parked, parked == nil ? [] : try desk.held(key))
        }
        guard let parked else {
            print("\(key) is not parked")
            throw ExitCode.failure
        }
        print("\(key) is parked since \(parked.parkedAt): Kafka refused row \(parked.outboxID): \(parked.error)")
        print("held rows, in the order in which they will be published:")
        for row in held {
            let skip = row.isSkipped ? "  (will be dropped)" : ""
            let sequence = row.sequenceNumber.map { "sequence \($0)" } ?? "no sequence number"
            print(
                "  \(row.outboxID)  \(sequence)  \(row.eventType ?? "?")  \(row.payloadBytes ?? 0) bytes\(skip)")
        }
        print(
            """
            when the cause is gone:      \(options.command("release", [aggregateType, aggregateID], reason: true))
            to give one row up for good: \(options.command("skip", ["\(parked.outboxID)"], reason: true))
                                         and then release the key
            """)
    }
}

/// Lets the relay publish a parked key's rows.
struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Asks the relay to publish the held rows of a key, in order.",
        discussion: "Names that begin with a hyphen go to the end, behind --.")

    @Argument(help: "The aggregate type.")
    var aggregateType: String
    @Argument(help: "The aggregate id.")
    var aggregateID: String
    @OptionGroup var why: ReasonOption
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        let key = OutboxKey(aggregateType: aggregateType, aggregateID: aggregateID)
        guard try options.desk().release(key, reason: why.reason) else { throw ValidationError("\(key) is not parked") }
        print(
            "asked; if Kafka refuses again, the key stays parked: "
                + "\(options.command("explain", [aggregateType, aggregateID]))"
        )
    }
}

/// Gives a held row up.
struct SkipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Marks a held row to be dropped, unpublished, when its key is released.",
        discussion: "An id that begins with a hyphen goes to the end, behind --.")

    @Argument(help: "The row's outbox_id.")
    var outboxID: Int64
    @OptionGroup var why: ReasonOption
    @OptionGroup var options: RelaySchemaOptions

    func run() throws {
        guard let key = try options.desk().skip(outboxID, reason: why.reason) else {
            throw ValidationError("row \(outboxID) is not held; outboxctl outbox explain lists the rows of a key")
        }
        let release = options.command("release", [key.aggregateType, key.aggregateID], reason: true)
        print("row \(outboxID) of \(key) will be dropped; now: \(release)")
    }
}
