import CLibPQ

extension PostgresConnection {
    /// Changes the password of a role. The server gets, and may log, what it stores: a SCRAM secret, not the password.
    ///
    /// - Throws: ``PostgresError``, with code `usage` for a password that libpq cannot encrypt.
    public func setPassword(_ password: String, ofRole role: String) throws(PostgresError) {
        guard let secret = PQencryptPasswordConn(handle, password, role, "scram-sha-256") else {
            throw PostgresError(.usage, "libpq cannot encrypt the password of the role \(role)")
        }
        defer { PQfreemem(secret) }
        let literal = Self.quoteLiteral(String(cString: secret))
        try execute("ALTER ROLE \(Self.quoteIdentifier(role)) PASSWORD \(literal)")
    }
}
