// The second phase, with compact headers.
extension ConformanceSection {
  static let requests = ConformanceSection(
    letter: "Q",
    title: "Requests",
    items: [
      .must("Q1", "Requests of 28 bytes are understood however the stream is cut."),
      .robust("Q2", "What does not begin with a request's magic ends the connection, no more."),
    ]
  )

  static let replies = ConformanceSection(
    letter: "R",
    title: "Replies",
    items: [
      .must("R1", "A simple reply has 16 bytes, and data behind it only if READ succeeded."),
      .must("R2", "Each request gets one reply with its cookie, in any order."),
      .must("R3", "A failed simple READ has no data; once data is on its way it ends all."),
      .must(
        "R4",
        "Once agreed on, READ always gets chunks: inside the range, without overlaps, covering all "
          + "of it on success, the last one marked."
      ),
      .must("R5", "Other commands get a simple reply without data, or chunks."),
      .should("R6", "Errors in chunks come with a text."),
      .must("R7", "Who did not ask for structured replies gets simple ones only."),
      .must("R8", "No chunk is marked as the last one while the request may still fail."),
    ]
  )

  static let chunks = ConformanceSection(
    letter: "K",
    title: "Chunks",
    items: [
      .must("K1", "Chunks of data, holes and nothing have the lengths that they should have."),
      .must("K2", "Chunks have known types, and no flag but DONE."),
      .must("K3", "An error chunk has an error and a text inside it, and comes once."),
      .should("K4", "Chunks are few, and meet at multiples of 512."),
      .must("K5", "Data that turns out unreadable is filled with zeros, and an error follows."),
    ]
  )

  static let reading = ConformanceSection(
    letter: "C",
    title: "READ",
    items: [
      .must("C1", "Any range returns the disk's bytes, up to offsets of 63 bits."),
      .should("C2", "What is not all inside the export gets EINVAL, and the connection goes on."),
      .should("C3", "A READ of no bytes ends no connection."),
      .should("C4", "Chunks begin and end at multiples of 512 where the range allows it."),
      .must("C5", "With DF there is one chunk, of data unless all is a hole, or EOVERFLOW."),
      .must("C6", "What is longer than the maximum payload is split, or gets EOVERFLOW."),
    ]
  )

  private static let readOnly = "exports are read-only"

  static let writing = ConformanceSection(
    letter: "W",
    title: "Commands that write, FLUSH and CACHE",
    items: [
      .should("W1", "WRITE gets EPERM."),
      .must("W2", "The data of a refused WRITE is skipped, whatever it is."),
      .should("W3", "TRIM gets EPERM."),
      .should("W4", "WRITE_ZEROES gets EPERM."),
      .must("W5", "FLUSH succeeds, whatever its offset and length."),
      .must("W6", "CACHE succeeds and changes nothing; its unknown flags get EINVAL."),
      .must("W7", "WRITE stores its data before the reply, and has errors for what it cannot.")
        .notApplicable(readOnly),
      .must("W8", "TRIM may do nothing; what WRITE_ZEROES was asked for reads as zeros.")
        .notApplicable(readOnly),
    ]
  )

  static let blockStatus = ConformanceSection(
    letter: "A",
    title: "BLOCK_STATUS",
    items: [
      .should("A1", "Without a context for the export it gets EINVAL."),
      .must(
        "A2",
        "Each selected context gets a chunk of extents that follow each other from the offset, "
          + "none empty, at least one, none past the end."
      ),
      .must("A3", "Only the last extent reaches the range's end, or beyond; there may be fewer."),
      .must("A4", "With REQ_ONE there is one extent, not longer than the range."),
      .must("A5", "Several contexts get a chunk each, with extents of their own."),
      .must("A6", "base:allocation says zero only of what reads as zeros, and sets no other bits."),
      .should("A7", "Neighbours differ, and meet at multiples of 512."),
      .should("A8", "What is not all inside the export, or is empty, gets EINVAL and no more."),
      .should("A9", "A chunk has at most 2^20 extents."),
    ]
  )
}
