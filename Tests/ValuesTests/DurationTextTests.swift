import Testing
import Values

struct DurationTextTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("24h", .seconds(86_400)),
        ("7d", .seconds(604_800)), ("0s", .zero),
    ])
    func aWholeNumberHasAUnit(_ text: String, _ expected: Duration) {
        #expect(DurationText.parse(text) == expected)
    }

    @Test(arguments: ["", "5", "s", "-5s", "1.5s", "5 s", "5S", "5parsecs", "1000000000001s"])
    func anythingElseIsRefused(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [
        (Duration.seconds(86_400), "1d", "1 day"), (.seconds(172_800), "2d", "2 days"),
        (.seconds(129_600), "36h", "36 h"),
        (.seconds(300), "5m", "5 min"), (.seconds(90), "90s", "90 s"), (.milliseconds(1_500), "1500ms", "1500 ms"),
        (.zero, "0s", "0 s"), (.seconds(1) / 3, "333ms", "333 ms"),
    ])
    func aDurationIsWrittenAsPeopleWriteIt(_ duration: Duration, _ text: String, _ words: String) {
        #expect(DurationText.text(duration) == text)
        #expect(DurationText.words(duration) == words)
        if duration.components.attoseconds.isMultiple(of: 1_000_000_000_000_000) {
            #expect(DurationText.parse(text) == duration)
        }
    }
}
