/// The bounds of every connection, with their units. The parameters of TCP have libpq's names in the URL and can be set
/// there; the same values are asked of the server for its side of the connection.
public enum PostgresLimits {
    /// The time limit of one connect to one host, in seconds (`connect_timeout`).
    public static let connectSeconds = 5
    /// After how long without traffic the kernel asks the peer for a sign of life, in seconds (`keepalives_idle`).
    public static let keepaliveIdleSeconds = 5
    /// The pause between two such questions, in seconds (`keepalives_interval`).
    public static let keepaliveIntervalSeconds = 2
    /// Questions without an answer after which the connection is closed (`keepalives_count`).
    public static let keepaliveCount = 3
    /// After how long the kernel closes a connection whose sent bytes, or whose questions, are not acknowledged, in
    /// milliseconds (`tcp_user_timeout`).
    public static let tcpUserTimeoutMilliseconds = 10_000
    /// How often a server looks during a long statement whether its client is still there, in milliseconds
    /// (`client_connection_check_interval`, since Postgres 14).
    static let clientCheckMilliseconds = 5_000
    /// After how long without a byte a statement counts as late, in seconds, unless its class allows more.
    public static let lateSeconds = 2
    /// After how long without use a connection is asked for a sign of life before it is used again, in seconds.
    static let idleCheckSeconds = 5
    /// How long that answer may take, in seconds. A dead connection is then replaced before a statement is lost on it.
    public static let idleAnswerSeconds = 2
    /// The difference to the server's clock that is worth a warning, in milliseconds.
    public static let clockSkewMilliseconds = 1_000
    /// How long the search for a transaction pooler waits for its own notification, in milliseconds.
    static let poolerProbeMilliseconds = 2_000
    /// How long to wait for the end of a backend whose client has given its connection up, in milliseconds.
    public static let endBackendMilliseconds = 1_000
    /// A statement without a deadline: after how long without a byte another connection asks what its backend does, how
    /// often it asks, and how long its connect and each of its answers may take, in seconds.
    public static let watchAfterSeconds = 10
    public static let watchLookSeconds = 2
    public static let watchAnswerSeconds = 5
    /// For how long nobody can be asked before the connection of such a statement is given up, in seconds.
    public static let watchPatienceSeconds = 60
    /// The version of the server that a stand-in models.
    static let standInVersion = 150_000

    /// The bounds that only make sense in relation to each other.
    static var areConsistent: Bool {
        keepaliveIdleSeconds * 1_000 < tcpUserTimeoutMilliseconds && lateSeconds < connectSeconds
    }
}
