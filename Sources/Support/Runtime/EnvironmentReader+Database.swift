extension EnvironmentReader {
    /// `DATABASE_URL`, or what is in the file that `DATABASE_URL_FILE` names; empty where libpq's own `PG*` variables
    /// and defaults say where the database is.
    ///
    /// - Parameter fault: what is wrong with a URL, without quoting it: it holds a password.
    public func databaseURL(fault: (String) -> String?) -> String {
        let url = secret("DATABASE_URL", fault: fault)
        // An empty variable is most often one whose own source was missing; libpq's defaults were not meant then.
        if url == nil, all["DATABASE_URL"] == "", optionalString("DATABASE_URL_FILE") == nil,
            Self.whereabouts.allSatisfy({ all[$0, default: ""].isEmpty })
        {
            report(
                "DATABASE_URL", "is empty; set it, or unset it to connect as PGHOST, PGSERVICE and libpq's defaults say"
            )
        }
        return url ?? ""
    }

    private static let whereabouts = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT"]
}
