import Console
import Runtime

await ServiceProcess.run(name: "outbox-console") { environment, logger in
    [try ConsoleServer(try ConsoleSettings(environment, logger).console, logger: logger)]
}
