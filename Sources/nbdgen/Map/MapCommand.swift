import ArgumentParser
import DiskModel
import GeneratorKit

/// Shows what lies where on a disk: `nbdgen map GENERATOR [key=value ...]`.
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map",
    abstract: "Shows what lies where on a disk.",
    usage: """
      nbdgen map [options] GENERATOR [key=value ...]
      nbdgen map [options] --exports FILE [-e NAME]
      """,
    discussion: """
      Tells of every byte which structure or file it belongs to: partition table, superblock, \
      inode table, directory, file, free. Nothing is served, and no file is read.

      Without options it prints a bar with the whole disk in one line, a legend, and a table. A \
      cell of the bar shows what there is most of in its part of the disk, and that it is free \
      only if all of it is. Pieces that lie side by side share a row of the table until there are \
      few enough to be read; --all gives each its own.

      --json prints one object on each line, in the order of the disk: "offset" and "size" in \
      bytes, "kind" (such as "inode table", "file", "free"), "role" (metadata, data, content, \
      free, slack; mixed within a repetition), and where there is one "group", "inode", "path", \
      "file_offset" (where the piece starts in the file), "file_size", "source" (a file of the \
      host) and "note". A path that is not UTF-8 is in "path_hex", too. What each file has is:

        nbdgen map --json linuxdisk root/ |
          jq -r 'select(.kind=="file") | "\\(.size) \\(.path)"'

      --svg draws a picture for browsers, in which pointing at something says what it is. It \
      takes the place of bar and table; - as its file is the standard output.

      --exports shows all disks of a file of exports, one after the other, or with -e NAME one of \
      them; JSON objects then have an "export".
      """,
    helpNames: [.short, .long]
  )

  @Flag(help: "Print every piece as a JSON object on a line of its own.")
  var json = false

  @Flag(help: "Give every piece a row of its own.")
  var all = false

  @Option(
    name: .customLong("svg"),
    parsing: .unconditional,
    help: .init("Draw a picture, as an SVG file.", valueName: "file")
  )
  var picture: String?

  @OptionGroup var options: DiskOptions

  @Argument(help: .init("What to build, and its parameters.", valueName: "generator"))
  var words: [String] = []

  func run() throws {
    if json && all {
      throw UserError(usage: "--all: --json has all pieces anyway; leave --all out")
    }
    let choice = try options.choice(of: words, for: "map", takesName: true)
    guard picture == nil || choice.disks.count == 1 else {
      throw UserError(usage: "--svg: a picture shows one disk; choose it with -e NAME")
    }
    // The file's directory may be another one.
    let isElsewhere = choice.file != nil && picture != "-"
    let picture = isElsewhere ? picture.map(absolute) : picture
    try choice.forEach { disk throws(UserError) in
      try show(try disk.buildMap(), of: disk.export, picture: picture)
    }
  }

  private func show(
    _ disk: MappedDisk,
    of export: String?,
    picture: String?
  ) throws(UserError) {
    let output = OutputLines()
    if let picture {
      try PlainFile.write(MapPicture(disk).text, to: picture, for: "--svg")
    }
    if json {
      _ = disk.map.visit(0..<disk.size) { piece in
        var object = JSONObject()
        object.add("export", export)
        object.add(piece)
        output.print(object.text)
        return !output.isClosed
      }
    } else if picture == nil {
      if let export { output.print("export \"\(HostPath.printable(export.utf8))\":") }
      MapText(disk: disk, terminal: .current, isComplete: all).write(output.print)
      if export != nil { output.print("") }
    }
    output.flush()
  }
}
