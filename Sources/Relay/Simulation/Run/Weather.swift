/// How often each fault happens in a run: many runs lack some of them, because one fault can hide another.
struct Weather: Sendable {
    /// One in so many chances; 0: never.
    private var rates: [Int]
    /// Others run at one in so many statements.
    let interludesIn: Int
    /// Behind a transaction pooler.
    let isPooled: Bool

    init(_ random: inout SeededRandom, without: Set<Fault>) {
        rates = Fault.allCases.map { fault in
            let rate = random.chance(3) ? 0 : 40 << random.below(5)
            return without.contains(fault) ? 0 : rate
        }
        interludesIn = 2 << random.below(4)
        isPooled = random.chance(4)
    }

    /// One in so many chances; 0: never.
    func rate(_ fault: Fault) -> Int {
        Fault.allCases.firstIndex(of: fault).map { rates[$0] } ?? 0
    }

    func apply(to kafka: ModelKafka, isHealed: Bool) {
        kafka.failsIn = isHealed ? 0 : rate(.failedRequests)
        kafka.unknownIn = isHealed ? 0 : rate(.unknownOutcomes)
    }
}
