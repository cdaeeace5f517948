import Glibc

/// Files that a client's settings name, such as certificates and keys. They are read once, when the client is made.
struct KafkaFiles: Sendable {
    /// What tells a file from the one that took its place.
    private struct Stamp: Equatable {
        var inode: UInt
        var bytes: Int
        var seconds: Int
        var nanoseconds: Int

        /// nil while there is no such file, as in the middle of a renewal.
        init?(_ path: String) {
            var found = stat()
            guard stat(path, &found) == 0 else { return nil }
            inode = UInt(found.st_ino)
            bytes = Int(found.st_size)
            seconds = found.st_mtim.tv_sec
            nanoseconds = found.st_mtim.tv_nsec
        }
    }

    private static let properties = [
        "ssl.certificate.location", "ssl.key.location", "ssl.ca.location", "ssl.keystore.location", "ssl.crl.location",
    ]

    private let stamps: [String: Stamp]

    /// The files as they are now whose change needs another client: certificates, keys, and secrets that are not
    /// ``KafkaCredentials``.
    init(_ configuration: KafkaConfiguration) {
        let secrets = configuration.valueFiles.filter { !KafkaCredentials.properties.contains($0.key) }.values
        self.init(paths: Self.properties.compactMap { configuration[$0] } + secrets)
    }

    /// These files as they are now.
    init(paths: [String]) {
        var stamps: [String: Stamp] = [:]
        for path in paths {
            if let stamp = Stamp(path) { stamps[path] = stamp }
        }
        self.stamps = stamps
    }

    /// Whether one of them is another file now.
    var haveChanged: Bool {
        stamps.contains { path, stamp in Stamp(path).map { $0 != stamp } ?? false }
    }
}
