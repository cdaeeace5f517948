import ArgumentParser
import Runtime

let arguments = CommandLine.arguments.dropFirst()

switch arguments.first {
case let flag? where ["--version", "--check-config", "--help", "-h"].contains(flag) && arguments.count > 1:
    complain("outbox-relay: \(flag) takes no argument\n\(RelayProcess.help)")
    exitForUsage()
case nil:
    await RelayProcess.run()
case "--version":
    print("outbox-relay \(RelayVersion.text)")
case "--check-config":
    RelayProcess.checkConfiguration()
case "adopt":
    AdoptCommand.main(Array(arguments.dropFirst()))
case "role":
    RoleCommand.main(Array(arguments.dropFirst()))
case "--help", "-h":
    print(RelayProcess.help)
case let argument?:
    complain("outbox-relay: unknown argument '\(argument)'\n\(RelayProcess.help)")
    exitForUsage()
}
