import Testing
import Values

struct ExactTextTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test func textsThatLookAlikeAreDifferent() {
        #expect(composed == decomposed)
        #expect(ExactText(composed) != ExactText(decomposed))
        #expect(Set([ExactText(composed), ExactText(decomposed), ExactText(composed)]).count == 2)
    }

    /// Swift orders strings by their canonical form, Postgres and the lanes by bytes.
    @Test func theOrderIsThatOfTheBytes() {
        let texts = ["b", "", "a", "ab", composed, decomposed, "\u{10000}", "\u{FFFF}"].map { ExactText($0) }
        let byBytes = texts.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        #expect(texts.sorted() == byBytes)
    }
}
