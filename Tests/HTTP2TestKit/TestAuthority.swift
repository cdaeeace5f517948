import Foundation
public import HTTP2

/// A certificate authority in a temporary folder, with a certificate for a server on this machine.
public struct TestAuthority: Sendable {
    private let folder: String

    /// Makes the authority `ca`, and the certificate `server` with the common name `first`.
    public init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("authority-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=ca",
            "-keyout", path("ca.key"), "-out", path("ca.crt"))
        try issue("server", name: "first")
    }

    /// The path of a file of this authority, such as `server.crt`.
    public func path(_ file: String) -> String { "\(folder)/\(file)" }

    /// The settings of a server with the certificate `server`.
    public func tls() -> HTTP2TLSConfiguration {
        HTTP2TLSConfiguration(certificateChainFile: path("server.crt"), privateKeyFile: path("server.key"))
    }

    /// Makes `file.crt` and `file.key`, replacing older files as a renewal does.
    ///
    /// - Parameter days: how long it is valid; negative for a certificate that has expired.
    public func issue(_ file: String, name: String, days: Int = 30) throws {
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", path("\(file).key"), "-out", path("\(file).csr"))
        try openssl(
            "x509", "-req", "-in", path("\(file).csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"),
            "-CAcreateserial",
            "-copy_extensions", "copy", "-days", "\(days)", "-out", path("\(file).crt"))
    }

    /// Deletes the folder.
    public func remove() { try? FileManager.default.removeItem(atPath: folder) }

    private struct Failure: Error {
        let command: String
    }

    private func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(command: arguments.joined(separator: " ")) }
    }
}
