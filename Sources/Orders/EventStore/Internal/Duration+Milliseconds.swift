extension Duration {
    /// Rounded down, but never to zero, which `poll` and Postgres take for something else than "very short".
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
