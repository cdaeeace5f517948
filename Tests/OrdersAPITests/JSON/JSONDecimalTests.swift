import Testing

@testable import OrdersAPI

struct JSONDecimalTests {
    @Test(arguments: [
        ("99.99", 2), ("99.990", 2), ("0.001", 3), ("1e-3", 3), ("100", 0), ("1.5e1", 0), ("1.25e1", 1), ("0", 0),
        ("0.00", 0),
        ("1e400", 0), ("1e-400", 400), ("-0.5", 1), ("1e99999999999999999999", 0), ("1e-99999999999999999999", 100_000),
    ])
    func countsFractionDigits(text: String, digits: Int) {
        #expect(JSONDecimal(text).fractionDigits == digits)
    }

    @Test func readsWholeNumbers() {
        #expect(JSONDecimal("5.0").integer() == Int32(5))
        #expect(JSONDecimal("1.50e2").integer() == Int32(150))
        #expect(JSONDecimal("-3e0").integer() == Int32(-3))
        #expect(JSONDecimal("-0").integer() == UInt32(0))
        #expect(JSONDecimal("0e5").integer() == Int32(0))
        #expect(JSONDecimal("1e10").integer() == Int32?.none)
        #expect(JSONDecimal("1e100000").integer() == Int64?.none)
        #expect(JSONDecimal("0.5").integer() == Int32?.none)
    }
}
