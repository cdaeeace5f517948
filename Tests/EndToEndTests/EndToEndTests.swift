import Testing

/// One stack at a time: each has ten processes, and the machines that run this have two cores.
@Suite(.serialized) enum EndToEndTests {}
