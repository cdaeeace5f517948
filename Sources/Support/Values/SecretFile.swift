import Glibc
import Threads

/// Reads a small file that holds a secret, as container platforms mount them.
public enum SecretFile {
    /// The default bound. Passwords, tokens, keys and URLs are short; a longer file is the wrong file.
    public static let maximumBytes = 65536

    /// Why a file could not be used. The text names the path and never the content.
    public struct Failure: Error, CustomStringConvertible {
        /// One line, safe to log.
        public let description: String
    }

    /// The file's text without trailing line ends. Blocks.
    ///
    /// - Parameter maximumBytes: a longer file is refused.
    /// - Throws: ``Failure`` when the file cannot be read, is empty, is not UTF-8 or is too long.
    public static func read(_ path: String, maximumBytes: Int = maximumBytes) throws(Failure) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("cannot open", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= maximumBytes {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failed("cannot read", path)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        guard bytes.count <= maximumBytes else {
            throw Failure(description: "\(path) is larger than \(maximumBytes) bytes")
        }
        return try text(bytes, path)
    }

    private static func text(_ bytes: [UInt8], _ path: String) throws(Failure) -> String {
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(description: "\(path) is not UTF-8 text")
        }
        while text.last?.isNewline == true { text.removeLast() }
        // An empty secret would be taken for a default.
        guard !text.isEmpty else { throw Failure(description: "\(path) is empty") }
        return text
    }

    private static func failed(_ what: String, _ path: String) -> Failure {
        Failure(description: SystemError("\(what) \(path)").description)
    }
}
