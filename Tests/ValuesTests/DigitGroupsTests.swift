import Testing
import Values

struct DigitGroupsTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1_000, "1 000"), (-12_345_678, "-12 345 678"), (.min, "-9 223 372 036 854 775 808"),
    ])
    func digitsStandInGroupsOfThree(_ number: Int64, _ text: String) {
        #expect(DigitGroups.text(number) == text)
    }
}
