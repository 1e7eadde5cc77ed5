// Extensions, errors and ends.
extension ConformanceSection {
  static let extendedHeaders = ConformanceSection(
    letter: "E",
    title: "EXTENDED_HEADERS",
    items: [
      .must("E1", "EXTENDED_HEADERS is acknowledged."),
      .should("E2", "With data it gets ERR_INVALID, and nothing is agreed on."),
      .must("E3", "Then STRUCTURED_REPLY gets ERR_EXT_HEADER_REQD; a repetition does no harm."),
      .should("E4", "It needs no STRUCTURED_REPLY, and allows contexts and DF; GO follows it."),
      .must("E5", "Requests have 32 bytes and lengths of 64 bits; compact ones are no requests."),
      .must("E6", "All replies are chunks of 32 bytes that repeat the request's offset."),
      .should("E7", "Lengths beyond 32 bits that cannot be served get an error, and no more."),
      .must("E8", "Block status comes in its long form, lengths and states with 64 bits."),
      .should("E9", "What PAYLOAD_LEN announces is skipped if refused; too much ends all."),
      .must("E10", "Block status can be asked for by contexts; unknown or repeated get EINVAL."),
      .must("E11", "DISC works as with compact headers."),
      .must("E12", "With compact headers base:allocation is to be had as well."),
      .should("E13", "Clients that do not ask for extended headers are served all the same."),
    ]
  )

  static let errors = ConformanceSection(
    letter: "V",
    title: "Errors of requests",
    items: [
      .must("V1", "Errors have the protocol's numbers, whatever the host's are."),
      .should("V2", "EPERM is for commands that write."),
      .should("V3", "ENOSPC is for writing beyond the end.")
        .notApplicable("exports are read-only: it is EPERM wherever the range is"),
      .should("V4", "EINVAL is for READ and BLOCK_STATUS beyond the end."),
      .should("V5", "EINVAL is for commands that are not known."),
      .should("V6", "EINVAL is for flags that are not known, or not for the command."),
      .should("V7", "EOVERFLOW is for what is too long; ENOTSUP and ENOMEM are for nothing."),
      .should("V8", "ESHUTDOWN is for requests that come while the server shuts down."),
    ]
  )

  static let endings = ConformanceSection(
    letter: "D",
    title: "Ends of connections",
    items: [
      .must("D1", "DISC gets no reply, nor does anything behind it; the connection is closed."),
      .must("D2", "Requests before DISC are answered before the end."),
      .robust(
        "D3",
        "A client that ends its stream is let go; one that is silent between requests is not."
      ),
      .should("D4", "When the server shuts down, replies that have begun are sent whole."),
      .robust("D5", "Clients that idle, negotiate or do not read keep no server from its end."),
      .must("D6", "Errors end no connection."),
    ]
  )

  static let robustness = ConformanceSection(
    letter: "N",
    title: "Robustness",
    items: [
      .must("N1", "Messages may come byte by byte, or many at once, in both phases."),
      .must("N2", "Thousands of requests may be on their way at once."),
      .robust("N3", "Clients that vanish, stall, flood or do not read harm no others."),
      .should("N4", "Replies over TCP do not wait for acknowledgements of earlier ones."),
      .robust("N5", "Nonsense in any phase harms nobody."),
      .robust("N6", "What clients make the server keep is bounded, and leaves with them."),
    ]
  )

  static let resizing = ConformanceSection(
    letter: "Y",
    title: "RESIZE",
    items: [
      .should("Y1", "RESIZE gets EINVAL like any unknown command, and changes nothing."),
      .should("Y2", "With SEND_RESIZE it succeeds, or says why it does not.")
        .notApplicable("the experimental extension is not offered, and exports are read-only"),
    ]
  )
}
