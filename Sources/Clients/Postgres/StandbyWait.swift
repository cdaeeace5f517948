import CLibPQ

/// Whether a commit of a connection gave up its wait for the synchronous standby.
///
/// Postgres then answers as if the commit had succeeded, with a warning: the transaction is committed on the primary,
/// and may be missing on the standby that is promoted next.
final class StandbyWait {
    private(set) var isCancelled = false

    /// Watches the warnings of a connection, for as long as this object lives.
    func watch(_ handle: OpaquePointer) {
        PQsetNoticeReceiver(
            handle,
            { context, notice in
                // The text depends on the server's language, the name of the function does not.
                guard let context, let notice,
                    let function = PQresultErrorField(notice, pq_diag_source_function),
                    String(cString: function) == "SyncRepWaitForLSN"
                else { return }
                Unmanaged<StandbyWait>.fromOpaque(context).takeUnretainedValue().isCancelled = true
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
