import Testing

@testable import OutboxKafka

struct TopicTemplateTests {
    @Test func placesAreReplaced() throws {
        let template = try #require(TopicTemplate("x.{aggregate_type}.{event_type}"))
        #expect(template.name(aggregateType: "order", eventType: "paid") == "x.order.paid")
        #expect(template.usesEventType)
        #expect(TopicTemplate.default.name(aggregateType: "order", eventType: "paid") == "outbox.event.order")
        #expect(TopicTemplate("fixed")?.name(aggregateType: "a", eventType: "b") == "fixed")
    }

    @Test func headersHavePlacesToo() throws {
        let template = try #require(TopicTemplate("{header.tenant}.{aggregate_type}-v1"))
        #expect(template.headers == ["tenant"])
        #expect(
            template.name(aggregateType: "order", eventType: "paid", headers: ["tenant": "acme"]) == "acme.order-v1")
    }

    @Test(arguments: ["", "a.{", "a.{topic}", "{aggregate_type", "{header.}", "{}"])
    func refusesWhatItCannotFill(_ text: String) {
        #expect(TopicTemplate(text) == nil)
    }
}
