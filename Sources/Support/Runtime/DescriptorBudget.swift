import Glibc

/// The share of the process's file descriptors that connections of clients may use.
public enum DescriptorBudget {
    /// Raises the soft limit on open files to the hard limit, at most to 65,536. Without permission it stays.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, rlim_t(RuntimeLimits.openFiles))
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// The bound of connections of each of several listening sockets.
    ///
    /// - Parameters:
    ///   - reserve: descriptors that the process needs for everything else, such as Postgres, Kafka and event loops.
    ///   - listeners: the number of listening sockets; each gets the same share.
    ///   - most: the bound where descriptors are plenty.
    /// - Returns: 8 at least: a listener that finds no descriptor pauses.
    public static func connections(reserve: Int, listeners: Int, most: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return most }
        return share(
            of: Int(min(limit.rlim_cur, rlim_t(Int32.max))), reserve: reserve, listeners: listeners, most: most)
    }

    /// The same for a given limit on open files.
    static func share(of limit: Int, reserve: Int, listeners: Int, most: Int) -> Int {
        min(most, max(RuntimeLimits.leastConnections, (limit - reserve) / listeners))
    }
}
