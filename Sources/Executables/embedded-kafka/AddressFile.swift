import Glibc

/// Publishes the bootstrap address in a file that is either absent or whole, and removes it at the end.
struct AddressFile {
    let path: String

    func publish(_ address: String) throws(SystemError) {
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("EMBEDDED_KAFKA_ADDRESS_FILE: cannot write \(temporary)") }
        let bytes = Array((address + "\n").utf8)
        let count = write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard count == bytes.count, rename(temporary, path) == 0 else {
            let error = SystemError("EMBEDDED_KAFKA_ADDRESS_FILE: cannot write \(path)")
            unlink(temporary)
            throw error
        }
    }

    func remove() { unlink(path) }
}
