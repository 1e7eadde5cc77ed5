// The first phase, but for what it says of exports.
extension ConformanceSection {
  static let greeting = ConformanceSection(
    letter: "G",
    title: "Greeting and client flags",
    items: [
      .must("G1", "The server speaks first: NBDMAGIC, IHAVEOPT and 16 flag bits; then it waits."),
      .must("G2", "The greeting has FIXED_NEWSTYLE set."),
      .must("G3", "The greeting has no bit set that the specification does not define."),
      .robust("G4", "The greeting has NO_ZEROES set, so that clients can decline the padding."),
      .must("G5", "A client with a flag that was not offered is disconnected without a word."),
      .robust("G6", "A client that sets no flags can open an export with EXPORT_NAME."),
      .must("G7", "For a client that does not set FIXED_NEWSTYLE there is no TLS."),
      .should("G8", "TCP is without delays, by default at port 10809, and always newstyle."),
    ]
  )

  static let options = ConformanceSection(
    letter: "O",
    title: "Options and their replies",
    items: [
      .must("O1", "Every reply repeats the option's number; the last one is an ACK or an error."),
      .must("O2", "The data of an option that is refused is skipped, and the next one understood."),
      .must("O3", "An option that the server does not know gets ERR_UNSUP."),
      .robust("O4", "An option that announces absurdly much data costs and blocks nothing."),
      .robust("O5", "What does not begin with an option's magic ends the connection."),
      .robust("O6", "A client can send many options, and send them before it reads a reply."),
      .must("O7", "Errors carry at most 4,096 bytes of UTF-8 without NUL, ACKs nothing."),
      .must("O8", "Whatever is refused leaves the client negotiating, except with EXPORT_NAME."),
      .should("O9", "A server that is shutting down answers options with ERR_SHUTDOWN."),
      .must("O10", "An option that is repeated leaves in force what was agreed on."),
      .may("O11", "What the configuration forbids gets ERR_POLICY."),
    ]
  )

  static let exportName = ConformanceSection(
    letter: "X",
    title: "EXPORT_NAME",
    items: [
      .should("X1", "EXPORT_NAME is answered with size and transmission flags, without a header."),
      .must("X2", "124 zero bytes follow for a client that did not set NO_ZEROES."),
      .must("X3", "Nothing follows for a client that set NO_ZEROES."),
      .must("X4", "An export that cannot be had gets no answer: the connection is closed."),
      .robust("X5", "Structured replies and contexts that were agreed on stay in force."),
      .must("X6", "The empty name is the default export."),
    ]
  )

  static let abort = ConformanceSection(
    letter: "B",
    title: "ABORT",
    items: [
      .must("B1", "ABORT is acknowledged, behind all earlier replies; then the connection ends."),
      .should("B2", "Data that comes with ABORT is ignored."),
      .should("B3", "A client that does not wait for the acknowledgement harms nobody."),
    ]
  )

  static let list = ConformanceSection(
    letter: "L",
    title: "LIST",
    items: [
      .must("L1", "LIST gets a SERVER reply for each export, none if there are none, and an ACK."),
      .must("L2", "A SERVER reply has a name that fits into it, and a description for the rest."),
      .should("L3", "LIST with data gets ERR_INVALID and nothing else."),
      .robust("L4", "Names that are listed can be opened, and named exports are listed."),
    ]
  )

  static let peekExport = ConformanceSection(
    letter: "P",
    title: "PEEK_EXPORT",
    items: [.should("P1", "PEEK_EXPORT, which was withdrawn, gets ERR_UNSUP.")]
  )

  static let security = ConformanceSection(
    letter: "T",
    title: "STARTTLS",
    items: [
      .must("T1", "Without TLS, STARTTLS gets an error, and negotiation goes on in the clear."),
      .must("T2", "Without TLS, no option gets ERR_TLS_REQD."),
      .must("T3", "STARTTLS with data gets ERR_INVALID, and starts nothing."),
      .must(
        "T4",
        "Where TLS is required, any option before it but ABORT gets ERR_TLS_REQD and no "
          + "information; EXPORT_NAME ends the connection."
      ),
      .must("T5", "Behind the ACK of STARTTLS all is TLS, of version 1.2 or later."),
      .must("T6", "Under TLS another STARTTLS gets ERR_INVALID, and nothing gets ERR_TLS_REQD."),
      .must("T7", "STARTTLS undoes structured replies, extended headers and selected contexts."),
      .must("T8", "A handshake that fails ends the connection."),
      .must("T9", "Where TLS is optional, no option for an export open to all gets ERR_TLS_REQD."),
      .must("T10", "When a connection ends after ABORT or DISC, TLS is closed before the socket."),
      .robust("T11", "The data of a refused WRITE is skipped under TLS as in the clear."),
    ]
  )
}
