import Testing

/// The tests of the server, which run one after the other: some of them measure
/// what the process uses.
@Suite(.serialized) struct ServerTests {}
