import CStandardDescriptors
import Glibc
public import Logging
import Sabotage
public import ServiceLifecycle
import Synchronization
import UnixSignals

/// The common part of every service's `main`: settings, logs, signals, exit code.
public enum ServiceProcess {
    /// `EX_CONFIG` of sysexits(3): the environment is wrong, and another start will not help.
    private static let configurationExitCode: Int32 = 78

    /// The default time limit for all services of a process together to stop.
    public static let drainTimeout: Duration = .seconds(20)

    /// The log of the process; nil before ``run(name:drainTimeout:services:)`` has made it.
    private static let log = Mutex<LogOutput?>(nil)

    /// The settings of this process; empty before its services are made.
    private static let settings = Mutex<[EffectiveSetting]>([])

    /// The settings in effect, secrets masked; empty before the services are made.
    public static var effectiveSettings: [EffectiveSetting] { settings.withLock { $0 } }

    /// Log lines that this process has dropped because the reader of its standard error stood still.
    public static var droppedLogLines: Int { log.withLock { $0 }?.droppedLines ?? 0 }

    /// Writes of log lines that failed and were tried again, as on a full disk.
    public static var failedLogWrites: Int { log.withLock { $0 }?.failedWrites ?? 0 }

    /// Reads the settings, then runs the services until SIGTERM or SIGINT, and exits the process: 0 after a clean stop,
    /// 78 when the configuration is wrong, 1 when a service failed or could not be made. The error goes to standard
    /// error.
    ///
    /// - Parameters:
    ///   - name: the name of the logger, and the start of error messages.
    ///   - drainTimeout: the time limit for all services together to stop.
    ///   - services: makes the services from the settings. They start in order and stop in reverse.
    public static func run(
        name: String,
        drainTimeout: (EnvironmentReader) -> Duration = { _ in drainTimeout },
        services: (EnvironmentReader, Logger) async throws -> [any Service]
    ) async -> Never {
        // It has run before main already; the call keeps it linked.
        open_standard_descriptors()
        ignoreBrokenPipes()
        DescriptorBudget.raiseLimit()
        do {
            let environment = EnvironmentReader()
            let logger = try logger(name: name, environment)
            let made = try await services(environment, logger)
            let limit = drainTimeout(environment)
            let effective = environment.effectiveSettings
            settings.withLock { $0 = effective }
            let group = ServiceGroup(configuration: configuration(made, drainTimeout: limit, logger: logger))
            logger.info("started", metadata: ["pid": "\(getpid())"])
            for warning in SabotageSettings.warnings(for: name, in: environment.all) { logger.critical("\(warning)") }
            try await group.run()
            logger.info("stopped")
            finishLog()
            exit(Mutant.failsAtStop.isOn ? 1 : 0)
        } catch let error as ConfigurationError {
            refuse(error, name: name)
        } catch {
            printError("\(name): \(error)")
            exit(1)
        }
    }

    /// Prints a configuration error to standard error and exits the process with 78.
    public static func refuse(_ error: ConfigurationError, name: String) -> Never {
        printError("\(name): bad configuration\n\(error)")
        exit(configurationExitCode)
    }

    /// A logger as `LOG_LEVEL` (trace to critical) and `LOG_FORMAT` (text or json) say. Problems with these variables
    /// are reported together with those of the other settings.
    ///
    /// - Throws: when the process has no thread or no descriptor left for the log.
    private static func logger(name: String, _ environment: EnvironmentReader) throws -> Logger {
        let (level, format) = logSettings(environment)
        let output = try LogOutput(STDERR_FILENO) { LogLine.aboutDropped($0, label: name).formatted(format) }
        log.withLock { $0 = output }
        LoggingSystem.bootstrap { LineLogHandler(label: $0, format: format, level: level, output: output) }
        return Logger(label: name)
    }

    /// Reads `LOG_LEVEL` and `LOG_FORMAT`, which every service has, and what the service is to be broken by; for
    /// commands that only check the settings. Defaults: info and text.
    @discardableResult
    public static func logSettings(_ environment: EnvironmentReader) -> (level: Logger.Level, format: LogFormat) {
        for fault in SabotageSettings.faults(in: environment.all) {
            environment.report(fault.variable, fault.message)
        }
        return (
            environment.choice("LOG_LEVEL", default: Logger.Level.info),
            environment.choice("LOG_FORMAT", default: LogFormat.text)
        )
    }

    private static func configuration(
        _ services: [any Service], drainTimeout: Duration, logger: Logger
    ) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger))
        configuration.maximumGracefulShutdownDuration = drainTimeout
        return configuration
    }

    /// The service group logs every step at debug and info level; only its warnings matter to operators.
    private static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    /// A peer that hangs up must be an error from `write`, not the end of the process.
    private static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes the last log lines, within the bounds of `LogOutput.finish()`.
    private static func finishLog() {
        log.withLock { $0 }?.finish()
    }

    /// Ends the log and writes the reason of the end behind it. A reader that stands still does not keep the process.
    private static func printError(_ text: String) {
        finishLog()
        DescriptorOutput.writeWhileItFlows(text + "\n", to: STDERR_FILENO)
    }
}
