import ArgumentParser
import Outbox

/// Which relay's schema is meant.
struct RelaySchemaOptions: ParsableArguments {
    @Option(help: "The schema of the relay, as in RELAY_SCHEMA.")
    var schema = "outbox_relay"

    func desk() throws -> OutboxOperator {
        OutboxOperator(try Database.connect(), schema: schema)
    }
}
