import Testing

@testable import Sabotage

struct SabotageSettingsTests {
    @Test func whatIsUnsetOrEmptyIsNoFault() {
        #expect(SabotageSettings.faults(in: [:]).isEmpty)
        #expect(SabotageSettings.faults(in: ["OUTBOX_FAIL_POINT": "", "OUTBOX_MUTANT": ""]).isEmpty)
        #expect(SabotageSettings.warnings(for: "outbox-relay", in: ["OUTBOX_MUTANT": ""]).isEmpty)
    }

    @Test func eachWrongVariableIsNamed() {
        let faults = SabotageSettings.faults(in: ["OUTBOX_FAIL_POINT": "nowhere", "OUTBOX_MUTANT": "no-sense"])
        #expect(faults.map(\.variable) == ["OUTBOX_FAIL_POINT", "OUTBOX_MUTANT"])
        #expect(faults[0].message.contains("relay-before-read"))
        #expect(faults[1].message.contains("keys-ignored"))
    }

    /// Tests are a debug build, so the refusal of a release build is not seen here.
    @Test func eachMutantOfProgramsIsTaken() {
        for mutant in Mutant.allCases where mutant.places.contains(.programs) {
            #expect(SabotageSettings.faults(in: ["OUTBOX_MUTANT": mutant.rawValue]).isEmpty)
        }
    }

    @Test func theLogSaysWhatIsBroken() {
        let variables = ["OUTBOX_FAIL_POINT": "append-after-commit:2:stop", "OUTBOX_MUTANT": "keys-ignored"]
        let server = SabotageSettings.warnings(for: "orders-server", in: variables)
        #expect(server.count == 2)
        #expect(server[0].contains("will stop at append-after-commit, time 2"))
        #expect(server[1].contains("keys-ignored"))
        let relay = SabotageSettings.warnings(for: "outbox-relay", in: variables)
        #expect(relay[0].contains("no effect here"))
        #expect(relay[0].contains("orders-server and orders-payments"))
    }
}
