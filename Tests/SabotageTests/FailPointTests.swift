import Testing

@testable import Sabotage

struct FailPointTests {
    @Test func aSettingIsReadAsItIsWritten() throws {
        for point in FailPoint.allCases {
            for action in FailPointSetting.Action.allCases {
                let setting = FailPointSetting(point, count: 7, action: action)
                #expect(try FailPointSetting(setting.description) == setting)
            }
        }
        #expect(try FailPointSetting("relay-after-ack") == FailPointSetting(.relayAfterAck))
        #expect(try FailPointSetting("relay-after-ack:3") == FailPointSetting(.relayAfterAck, count: 3))
        #expect(try FailPointSetting("relay-after-ack:stop") == FailPointSetting(.relayAfterAck, action: .stop))
    }

    @Test(arguments: [
        ("relay-after-ak", "there is no fail point 'relay-after-ak'; there are relay-before-read"),
        ("", "there is no fail point ''"), ("relay-after-ack:0", "the count 0 is not in 1 to 1000000"),
        ("relay-after-ack:kil", "'kil' is out of place"), ("relay-after-ack:kill:3", "'3' is out of place"),
        ("relay-after-ack:3:kill:x", "'x' is out of place"), ("relay-after-ack:", "'' is out of place"),
        ("relay-after-ack:99999999999999999999", "'99999999999999999999' is out of place"),
    ])
    func aWrongSettingIsExplained(_ text: String, _ start: String) {
        #expect { _ = try FailPointSetting(text) } throws: { "\($0)".hasPrefix(start) }
    }

    /// Each point is of the program whose name it begins with, or of the programs that append.
    @Test func eachPointHasAProgram() {
        for point in FailPoint.allCases {
            let first = String(point.rawValue.prefix { $0 != "-" })
            #expect(point.programs.contains { $0.hasSuffix(first) } || first == "append")
        }
    }

    @Test func itHappensOnceAtItsTurn() throws {
        let armed = ArmedFailPoint(FailPointSetting(.relayAfterAck, count: 3, action: .error))
        try armed.strike()
        try armed.strike()
        #expect { try armed.strike() } throws: { ($0 as? FailPointError)?.point == .relayAfterAck }
        try armed.strike()
    }

    /// No test sets the variables: nothing is on, and nothing happens.
    @Test func nothingIsOnByItself() throws {
        for point in FailPoint.allCases {
            #expect(point.armed == nil)
            try point.reached()
        }
        #expect(Mutant.allCases.allSatisfy { !$0.isOn })
    }
}
