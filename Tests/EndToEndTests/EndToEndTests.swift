import Testing

/// One stack at a time: each has ten processes, and the machines that run this have two cores.
@Suite(.serialized) enum EndToEndTests {}

/// What operators use, beside ``EndToEndTests`` and in the same way: browsers and commands mostly wait.
@Suite(.serialized) enum OperatorTests {}
