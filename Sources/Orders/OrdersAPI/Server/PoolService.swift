import Postgres
import ServiceLifecycle

/// Closes a pool's connections once the faces have stopped.
struct PoolService: Service {
    let pool: PostgresPool

    func run() async {
        try? await gracefulShutdown()
        await pool.close()
    }
}
