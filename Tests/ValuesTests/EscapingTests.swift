import Testing
import Values

struct EscapingTests {
    @Test(arguments: [
        ("", "\"\""), ("order é🦆", "\"order é🦆\""), ("a\"b\\c", "\"a\\\"b\\\\c\""), ("a\nb", "\"a\\nb\""),
        ("\u{1B}[0m\u{7F}\u{0}", "\"\\u001b[0m\\u007f\\u0000\""),
    ])
    func aJSONStringHasNoControlCharacter(_ text: String, _ expected: String) {
        #expect(Escaping.json(text) == expected)
        var bytes = Array("x".utf8)
        Escaping.appendJSON(text, to: &bytes)
        #expect(bytes == Array(("x" + expected).utf8))
    }

    @Test func outsideTextStaysInOneLine() {
        #expect(Escaping.controls("a\r\nb\u{1B}[31m é") == "a\\r\\nb\\u{1B}[31m é")
        #expect(Escaping.singleLine("first\n  second\r\nthird\n") == "first;   second; third")
    }

    @Test func hexadecimalDigitsAreReadInEitherCaseAndWrittenInLowerCase() {
        for value in UInt8(0)..<16 {
            let digit = HexDigit.byte(of: value)
            #expect(HexDigit.value(of: digit) == value)
            #expect(
                HexDigit.value(
                    of: UInt8(ascii: Unicode.Scalar(digit).properties.uppercaseMapping.unicodeScalars.first ?? "x"))
                    == value)
        }
        for byte in "/:@G`g".utf8 { #expect(HexDigit.value(of: byte) == nil) }
    }
}
