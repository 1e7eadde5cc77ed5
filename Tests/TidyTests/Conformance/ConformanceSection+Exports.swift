// What the first phase says of exports.
extension ConformanceSection {
  static let information = ConformanceSection(
    letter: "I",
    title: "INFO and GO",
    items: [
      .must("I1", "Both get INFO_EXPORT and an ACK; only behind that of GO requests follow."),
      .must("I2", "GO tells the same as INFO did for the same parameters."),
      .must("I3", "An export that does not exist gets ERR_UNKNOWN, without information before it."),
      .must("I4", "A client whose GO was refused can open another export."),
      .must("I5", "Unknown kinds of information are ignored, and each kind comes once."),
      .must("I6", "Block sizes come, with 14 bytes, if they were asked for."),
      .should("I7", "Nobody gets ERR_BLOCK_SIZE_REQD, as any size will do."),
      .must("I8", "Nothing follows the ACK of GO, whatever the client's flags."),
      .must("I9", "Name and description are those that LIST tells, and the name can be opened."),
      .must("I10", "A name or a list that does not fill the option exactly gets ERR_INVALID."),
      .must("I11", "The empty name is the default export, or unknown if there is none."),
      .must("I12", "With extended headers GO works, and is never refused with ERR_UNSUP."),
    ]
  )

  static let structuredReplies = ConformanceSection(
    letter: "S",
    title: "STRUCTURED_REPLY",
    items: [
      .must("S1", "It is acknowledged; then READ gets chunks, and before only simple replies."),
      .should("S2", "With data it gets ERR_INVALID, and nothing is agreed on."),
      .robust("S3", "It may be repeated, and stays in force."),
    ]
  )

  static let metaContexts = ConformanceSection(
    letter: "M",
    title: "LIST_META_CONTEXT and SET_META_CONTEXT",
    items: [
      .must("M1", "Listing without queries gets every context of the export, under the number 0."),
      .must("M2", "The query base: lists and selects nothing; a context's name means that one."),
      .must("M3", "Queries for what the server does not know are ignored; nearly right is wrong."),
      .should("M4", "Queries without a colon are ignored."),
      .must("M5", "Each selected context gets its number; selecting without queries selects none."),
      .must("M6", "A selection replaces the one before, even if it fails."),
      .should("M7", "Selecting before structured replies or extended headers gets ERR_INVALID."),
      .must("M8", "A selection counts only for the export name that it was made for."),
      .robust("M9", "For an export that does not exist both options get ERR_UNKNOWN."),
      .must("M10", "Queries that do not fill the option exactly get ERR_INVALID."),
      .must("M11", "Numbers of selected contexts differ, also if a query is repeated."),
      .must("M12", "Queries may have 4,096 bytes, and there may be many."),
    ]
  )

  static let sizes = ConformanceSection(
    letter: "Z",
    title: "Strings, limits and block sizes",
    items: [
      .must("Z1", "Strings have up to 4,096 bytes; longer ones are refused, and none is sent."),
      .must("Z2", "Strings that are sent are UTF-8 without NUL, however they were cut."),
      .robust("Z3", "Options may have all the data that makes sense, and not any amount."),
      .should("Z4", "Payloads of 2^25 bytes are welcome, in both directions."),
      .must(
        "Z5",
        "The block sizes are powers of two in their ranges, and the maximum payload is not below "
          + "the preferred size."
      ),
      .should(
        "Z6",
        "The maximum payload is at least 2^20, and sizes are multiples of the minimum."
      ),
      .should("Z7", "Clients that do not ask for block sizes are served all the same."),
      .should("Z8", "Requests off the minimum block size get EINVAL.")
        .notApplicable("the minimum is 1 byte, of which any request is a multiple"),
      .must("Z9", "No chunk has more data than the maximum payload."),
      .should("Z10", "Requests without data may be longer than that, and end no connection."),
    ]
  )

  static let transmissionFlags = ConformanceSection(
    letter: "F",
    title: "Transmission flags",
    items: [
      .must("F1", "HAS_FLAGS is always set."),
      .must("F2", "SEND_DF is set with structured replies or extended headers, and only then."),
      .must("F3", "FAST_ZERO is set only with WRITE_ZEROES."),
      .must("F4", "BLOCK_STATUS_PAYLOAD is set only with extended headers and a selected context."),
      .must("F5", "What a flag promises works."),
      .must("F6", "READ_ONLY is set, and every command that writes is refused."),
      .must("F7", "CAN_MULTI_CONN is set only if all connections see the same bytes."),
      .must("F8", "As SEND_FUA is set, every command may have the flag FUA."),
      .must("F9", "FLUSH and FUA make durable what was written.")
        .notApplicable("exports are read-only: nothing is written"),
      .may("F10", "Hints are true: SEND_CACHE is set as CACHE works, and ROTATIONAL is not."),
    ]
  )
}
