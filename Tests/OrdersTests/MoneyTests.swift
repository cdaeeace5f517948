import Orders
import Testing

struct MoneyTests {
    @Test(arguments: [
        (99.99, 9_999), (0.01, 1), (0.1, 10), (0.07, 7), (0.29, 29), (1.15, 115), (4.35, 435), (0, 0), (-0.0, 0),
        (1_000_000, 100_000_000), (9_999_999_999.99, 999_999_999_999), (10_000_000_000, 1_000_000_000_000),
    ])
    func takesAtMostTwoDecimals(value: Double, cents: Int64) {
        #expect(Money(wireValue: value)?.cents == cents)
    }

    @Test(arguments: [
        0.001, 99.999, 1.005, 0.1 + 0.2, 99.990000000000009, -0.01, -1, .nan, .infinity, -.infinity,
        10_000_000_000.01, 1e300, .leastNonzeroMagnitude,
    ])
    func refusesWhatIsFinerNegativeOrAbsurd(value: Double) {
        #expect(Money(wireValue: value) == nil)
    }

    @Test func everyCentSurvivesTheWire() {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<20_000).map { _ in Int64.random(in: 0...Money.maximumCents, using: &generator) }
        for cents in Array(0...20_000) + random {
            guard let money = Money(cents: cents) else {
                Issue.record("\(cents) refused")
                return
            }
            #expect(Money(wireValue: money.wireValue) == money)
            #expect(Double(String(money.wireValue)) == money.wireValue)
        }
    }

    @Test(arguments: [-1, Int64.min, Money.maximumCents + 1, Int64.max])
    func refusesCentsOutOfRange(cents: Int64) {
        #expect(Money(cents: cents) == nil)
    }
}
