import ArgumentParser
import Kafka
import Operations
import Outbox

/// The operator's tool.
@main
struct OutboxCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outboxctl",
        abstract: "Sets an outbox up, and looks after the outbox and its relay.",
        discussion: """
            The database comes from --database, else from DATABASE_URL (or DATABASE_URL_FILE), else from libpq's PG* \
            variables, else from .data/env, which make up writes. Output is for people; --json prints one JSON value. \
            Colour is for terminals, unless NO_COLOR is set. Whatever changes something needs --reason, shows what it \
            would do, and asks, unless --yes is given.

            Exit codes: 0 done; 1 refused or failed; 64 bad arguments; 78 bad environment; a command's help has others.

            outboxctl --generate-completion-script bash|zsh|fish prints completions for a shell.
            """,
        version: "outboxctl 0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "See",
                subcommands: [
                    StatusCommand.self, ListCommand.self, ShowCommand.self, TailCommand.self, OrderCommand.self,
                    ParkedCommand.self, ExplainCommand.self, DecisionsCommand.self, ConfigCommand.self,
                    VerifyCommand.self, DrillCommand.self,
                ]),
            CommandGroup(
                name: "Repair",
                subcommands: [
                    ReleaseCommand.self, SkipCommand.self, EditCommand.self, BulkCommand.self, PauseCommand.self,
                    ResumeCommand.self, ReplayCommand.self, RebuildCommand.self, RebaseCommand.self,
                ]),
            CommandGroup(
                name: "Set up",
                subcommands: [
                    MigrateCommand.self, UpgradeCommand.self, AdoptCommand.self, RoleCommand.self, TopicCommand.self,
                ]),
            CommandGroup(name: "Earlier names", subcommands: [OutboxCommand.self]),
        ])

    /// Prints the message of an error without its code, which is for logs.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch let error as OutboxError {
            exit(withError: ShownError(description: error.message))
        } catch let error as OperatorError {
            exit(withError: ShownError(description: error.description))
        } catch let error as KafkaError {
            exit(withError: ShownError(description: error.message))
        } catch  where exitCode(for: error) == .validationFailure {
            // One line: the usage is in the help.
            report("Error: \(message(for: error))")
            exit(withError: ExitCode.validationFailure)
        } catch {
            exit(withError: error)
        }
    }

    private struct ShownError: Error, CustomStringConvertible { var description: String }
}

/// What concerns the outbox and its relay.
struct OutboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Parked keys and rebase: the same commands as without the word outbox.",
        subcommands: [
            ParkedCommand.self, ExplainCommand.self, ReleaseCommand.self, SkipCommand.self, RebaseCommand.self,
        ])
}
