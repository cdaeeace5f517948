import ArgumentParser
import Glibc
import Postgres
import Runtime
import Synchronization

/// Where the outbox is, for every command that needs to know.
struct AddressOptions: ParsableArguments {
    @Option(
        help: """
            The database's URL instead of DATABASE_URL. Others on this machine can see it: keep the password in \
            libpq's password file.
            """)
    var database: String?
    @Option(help: "Kafka's brokers, HOST:PORT,..., instead of KAFKA_BOOTSTRAP_SERVERS.")
    var kafka: String?

    /// Arguments are known before any address is asked for.
    func validate() throws {
        if let database {
            guard !database.isEmpty else { throw ValidationError("--database: is empty") }
            if let fault = PostgresURL.fault(database) { throw ValidationError("--database: \(fault)") }
        }
        if let kafka, kafka.isEmpty { throw ValidationError("--kafka: is empty") }
        StackAddresses.give(database: database, kafka: kafka)
    }
}

/// Where the stack is: options, the environment, and for what they do not say, the file that `make up` writes.
enum StackAddresses {
    /// Variables that say where the database is. With one of them set, the file's database is not meant.
    private static let database = [
        "DATABASE_URL", "DATABASE_URL_FILE", "PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT",
    ]

    private static let given = Mutex<[String: String]>([:])

    /// Takes what options say. They count before the environment.
    static func give(database: String?, kafka: String?) {
        given.withLock { given in
            if let database { given["DATABASE_URL"] = database }
            if let kafka { given["KAFKA_BOOTSTRAP_SERVERS"] = kafka }
        }
    }

    /// The environment of this process, with what options say. Where that names no database, the variables of
    /// `$DATA_DIR/env`, or of `.data/env` in this folder or one above it, are added.
    static let environment: [String: String] = {
        var own = EnvironmentReader.process()
        let options = given.withLock { $0 }
        if options["DATABASE_URL"] != nil { own["DATABASE_URL_FILE"] = nil }
        own.merge(options) { _, option in option }
        guard database.allSatisfy({ own[$0] == nil }), let file = file(own), let text = contents(file) else {
            return own
        }
        return parse(text).merging(own) { _, mine in mine }
    }()

    private static func file(_ environment: [String: String]) -> String? {
        if let folder = environment["DATA_DIR"], !folder.isEmpty { return folder + "/env" }
        guard let here = getcwd(nil, 0) else { return nil }
        defer { free(here) }
        var folder = String(cString: here)
        while true {
            let file = folder + "/.data/env"
            if access(file, R_OK) == 0 { return file }
            guard let slash = folder.lastIndex(of: "/"), !folder.isEmpty else { return nil }
            folder = String(folder[..<slash])
        }
    }

    private static func contents(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Lines `export NAME='value'`, with `'\''` for a quotation mark: what `make up` writes. Other lines are left out.
    static func parse(_ text: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let match = line.wholeMatch(of: /export ([A-Z_]+)='(.*)'/) else { continue }
            found[String(match.1)] = String(match.2).replacing(#"'\''"#, with: "'")
        }
        return found
    }
}
