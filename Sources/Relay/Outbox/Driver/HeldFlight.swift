/// What has become of some held rows that were offered together.
struct HeldFlight {
    /// Rows offered, from the first on; those that are dropped count as well.
    var offered = 0
    /// How many of them went to the publisher.
    var published = 0
    /// Rows acknowledged or dropped, from the first on, without those behind one that is neither.
    var settled = 0
    /// The row behind the offered ones was refused at once: it alone is to blame.
    var refusedAtOnce: PublishFailure?
    /// A row was refused by its report, which one is not known, or the publisher is in trouble.
    var failure: PublishFailure?
}
