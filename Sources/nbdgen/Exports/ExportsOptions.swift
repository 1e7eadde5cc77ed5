import ArgumentParser
import DiskModel

/// The options that take disks from a file instead of the command line.
struct ExportsOptions: ParsableArguments {
  @Option(
    name: .customLong("exports"),
    parsing: .unconditional,
    help: .init("Take all disks of this file of exports.", valueName: "file")
  )
  var path: String?

  @Option(
    name: [.customShort("e", allowingJoined: true), .customLong("export")],
    parsing: .unconditional,
    help: .init("Take only the disk of this name from the file.", valueName: "name")
  )
  var exportName: String?

  /// The file, if one is named.
  func file() throws(UserError) -> ExportsFile? {
    guard let path else {
      if let exportName {
        throw UserError(usage: "-e \(exportName): names an export of a file; add --exports FILE")
      }
      return nil
    }
    return try ExportsFile(path)
  }

  /// The exports of the file that are meant.
  func entries(of file: ExportsFile) throws(UserError) -> [ExportsFile.Entry] {
    guard let exportName else { return file.entries }
    return [try file.entry(named: exportName)]
  }
}

extension UserError {
  /// The error as one of an export.
  func reported(about entry: ExportsFile.Entry) -> UserError {
    var error = self
    let name = HostPath.printable(entry.name.utf8)
    error.lines = lines.map { "export \"\(name)\": \($0)" }
    return error
  }
}
