import Glibc
import NIOCore
import NIOPosix
public import Runtime

/// The address on which a server listens, and the variables that set it.
public struct ListenAddress: Sendable {
    /// A name or an IP address.
    public let host: String
    /// 0 to 65535; 0 takes any free port.
    public let port: Int
    private let portVariable: String

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// - Parameter portVariable: ends with `PORT`, or `port` for an option; the host's ends with `HOST`, or `host`.
    public init(host: String, port: Int, portVariable: String) {
        self.host = host
        self.port = port
        self.portVariable = portVariable
    }

    /// Listens for a moment and stops again, for a process that must know before its start that it can listen.
    ///
    /// - Throws: `ConfigurationError` that names the variable to change.
    public func tryOut() async throws {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
            try await channel.close()
        } catch {
            throw cannotListen(error)
        }
    }

    /// Whether an error of NIO came from the attempt to listen.
    public static func isAboutListening(_ error: any Error) -> Bool {
        error is IOError || error is SocketAddressError || error is SocketAddressError.UnknownHost
    }

    /// The error for an operator: it names the variable to change.
    ///
    /// - Parameter error: of the attempt to listen.
    public func cannotListen(_ error: any Error) -> ConfigurationError {
        if error is SocketAddressError.UnknownHost {
            return ConfigurationError(hostVariable, "'\(host)' is no address, nor a name that has one")
        }
        guard let error = error as? IOError else {
            return ConfigurationError(hostVariable, "cannot listen on \(host): \(error)")
        }
        switch error.errnoCode {
        case EADDRINUSE:
            return ConfigurationError(
                portVariable, "port \(port) of \(host) is taken; stop the process that has it, or choose another")
        case EACCES: return ConfigurationError(portVariable, "port \(port) needs privileges; choose one above 1023")
        case EADDRNOTAVAIL: return ConfigurationError(hostVariable, "\(host) is no address of this machine")
        default: return ConfigurationError(portVariable, "cannot listen on \(host):\(port): \(error)")
        }
    }

    private var hostVariable: String {
        String(portVariable.dropLast("PORT".count)) + (portVariable.hasSuffix("PORT") ? "HOST" : "host")
    }
}
