import Runtime

let arguments = CommandLine.arguments.dropFirst()

switch arguments.first {
case nil:
    await RelayProcess.run()
case "--version":
    print("outbox-relay \(RelayVersion.text)")
case "--check-config":
    RelayProcess.checkConfiguration()
case "--help", "-h":
    print(RelayProcess.help)
case let argument?:
    complain("outbox-relay: unknown argument '\(argument)'\n\(RelayProcess.help)")
    exitForUsage()
}
