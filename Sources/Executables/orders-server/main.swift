import OrdersAPI
import Runtime

await ServiceProcess.run(name: "orders-server", drainTimeout: ServerConfiguration.drainTimeout) { environment, logger in
    let configuration = ServerConfiguration(environment)
    try environment.finish()
    return try OrdersServer(configuration, logger: logger).services
}
