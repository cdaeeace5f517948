internal import Glibc

/// Reads a small file that holds a secret, as container platforms mount them.
enum SecretFile {
    /// Passwords, tokens and URLs are short; a longer file is the wrong file.
    static let maximumBytes = 65536

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func read(_ path: String) throws(Failure) -> String {
        guard let file = fopen(path, "r") else {
            throw Failure(description: "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        let length = fread(&bytes, 1, bytes.count, file)
        guard length <= maximumBytes else { throw Failure(description: "\(path) is larger than \(maximumBytes) bytes") }
        guard var text = String(validating: bytes[..<length], as: UTF8.self) else {
            throw Failure(description: "\(path) is not UTF-8 text")
        }
        while text.last?.isNewline == true { text.removeLast() }
        // Whoever names a file means what is in it, and no default.
        guard !text.isEmpty else { throw Failure(description: "\(path) is empty") }
        return text
    }
}
