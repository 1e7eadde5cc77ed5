import ArgumentParser
import GeneratorKit

/// Tells whose bytes of a disk are: `nbdgen who PLACE ... GENERATOR [key=value ...]`.
struct WhoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "who",
    abstract: "Tells which file or structure a byte or sector of a disk belongs to.",
    usage: """
      nbdgen who [options] PLACE ... GENERATOR [key=value ...]
      nbdgen who [options] PLACE ... --exports FILE -e NAME
      """,
    discussion: """
      A PLACE is an offset in bytes (1049600, 0x100400, 1M; K, M, G, T, P and E are binary units) \
      or a sector of 512 bytes: a number with an s behind it. The sector of a kernel's message

        I/O error, dev sda, sector 12345

      is 12345s, if sda is this disk. Several places may be given. A sector may belong to several \
      files or structures, which are all told, a line each.

      Of the entry of a table it tells which it is: the inode and its path, the descriptor's \
      group, the cluster. Files of filesystems are named by their path on the disk, and by the \
      file of the host that the bytes come from. With --json each line is an object with the \
      members of nbdgen map --json, and "place" as it was asked; "offset" and "size" are those of \
      the whole entry or run of the file, "file_offset" is of the byte that was asked for.

      --exports takes the disk from a file of exports; if the file has several, -e says which.
      """,
    helpNames: [.short, .long]
  )

  @Flag(help: "Print JSON objects, one on each line.")
  var json = false

  @OptionGroup var options: DiskOptions

  @Argument(help: .init("Where to look, and on what.", valueName: "place|generator"))
  var words: [String] = []

  func run() throws {
    let places = try words.prefix { GeneratorRegistry.isPlace($0) }.map { try Place($0) }
    let rest = Array(words.dropFirst(places.count))
    guard !places.isEmpty else {
      let what = rest.first.map { "\"\($0)\" is no place" } ?? "no place is given"
      throw UserError(usage: "who: \(what); write an offset such as 1M, or a sector such as 2048s")
    }
    let choice = try options.choice(of: rest, for: "who", takesName: true)
    guard choice.disks.count == 1 else {
      throw UserError(usage: "who: the file has several exports; choose one with -e NAME")
    }
    try choice.forEach { disk throws(UserError) in
      try answer(places, on: try disk.buildMap())
    }
  }

  private func answer(_ places: [Place], on disk: MappedDisk) throws(UserError) {
    for place in places where place.range.lowerBound >= disk.size {
      throw UserError(
        usage: "who: \(place.text): behind the end of the disk, which has \(disk.size) bytes"
      )
    }
    let output = OutputLines()
    for place in places {
      for answer in place.answers(on: disk.map) { output.print(line(place, answer)) }
    }
    output.flush()
  }

  private func line(_ place: Place, _ answer: Place.Answer) -> String {
    guard json else { return answer.description(of: place) }
    var object = JSONObject()
    object.add("place", place.text)
    var piece = answer.piece
    piece.owner.offset = answer.fileOffset
    object.add(piece)
    return object.text
  }
}

extension GeneratorRegistry {
  /// Whether a word before the generator looks like a place.
  fileprivate static func isPlace(_ word: String) -> Bool {
    guard let first = word.utf8.first else { return false }
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
  }
}
