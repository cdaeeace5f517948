internal import Glibc

/// Reads the value of a `…_FILE` variable.
enum SecretFile {
    static func read(_ path: String, variable: String) throws(KafkaSettingFault) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(variable, "cannot open \(path): \(reason())") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(variable, "cannot read \(path): \(reason())")
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= KafkaLimits.secretFileBytes else {
                throw failure(variable, "\(path) is larger than \(KafkaLimits.secretFileBytes) bytes")
            }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw failure(variable, "\(path) is empty") }
        guard let value = String(validating: bytes, as: UTF8.self) else {
            throw failure(variable, "\(path) is not UTF-8 text")
        }
        return value
    }

    private static func failure(_ variable: String, _ reason: String) -> KafkaSettingFault {
        KafkaSettingFault(variable, reason)
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
