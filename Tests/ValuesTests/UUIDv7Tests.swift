import Testing
import Threads
import Values

struct UUIDv7Tests {
    @Test func identifiersAreVersion7AndDoNotRepeat() {
        let identifiers = (0..<10_000).map { _ in UUIDBytes.v7() }
        #expect(Set(identifiers).count == identifiers.count)
        for identifier in identifiers {
            #expect(identifier.high >> 12 & 0xF == 7)
            #expect(identifier.low >> 62 == 0b10)
        }
        let now = UInt64(WallClock.microsecondsSince1970 / 1000)
        #expect(identifiers.allSatisfy { now - ($0.high >> 16) < 60_000 })
    }

    @Test func threadsDoNotShareIdentifiers() async {
        let all = await withTaskGroup(of: [UUIDBytes].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2_000).map { _ in UUIDBytes.v7() } } }
            return await group.reduce(into: Set<UUIDBytes>()) { $0.formUnion($1) }
        }
        #expect(all.count == 16_000)
    }
}
