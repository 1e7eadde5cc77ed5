import ArgumentParser
import DiskModel
import GeneratorKit

/// The disks that a command is about.
struct DiskChoice {
  /// The file that describes them, if one does.
  var file: ExportsFile?

  /// At least one.
  var disks: [ChosenDisk]

  /// Visits each.
  ///
  /// Of a file, what goes wrong with one is reported, and takes nothing from the others;
  /// relative paths start at its directory from here on.
  ///
  /// - Parameter body: Builds the disk, and does with it what is to be done.
  /// - Throws: ``UserError``, or an exit status other than 0.
  func forEach(_ body: (ChosenDisk) throws(UserError) -> Void) throws {
    try file?.enterDirectory()
    var status: Int32 = 0
    for disk in disks {
      do throws(UserError) {
        try body(disk)
      } catch {
        guard let export = disk.export else { throw error }
        error.reported(about: export).report()
        status = max(status, error.status)
      }
    }
    if status != 0 { throw ExitCode(status) }
  }
}

/// One of the disks that a command is about, before it is built.
struct ChosenDisk {
  /// The command, for errors.
  var verb: String

  var recipe: DiskRecipe

  /// The name that a client asks for.
  var exportName: String

  /// Whether it is one of a file's exports.
  var isOfFile = false

  /// The name in the file, if it is from one.
  var export: String? { isOfFile ? exportName : nil }

  /// Builds the disk, and tells what the user should know of it.
  func build() throws(UserError) -> GeneratedDisk {
    let generated = try recipe.build()
    if !recipe.isQuiet {
      for note in generated.notes { StandardError.print("nbdgen: note: \(note)") }
    }
    return generated
  }

  /// Builds the disk, if it is the same for all clients.
  ///
  /// - Throws: ``UserError`` if it is not, or cannot be built.
  func buildForAll() throws(UserError) -> (disk: Disk, summary: String) {
    let generated = try build()
    guard let disk = generated.disk else {
      let name = recipe.generator.manual.name
      throw UserError(
        usage: "\(verb): the disk of \(name) depends on the client that asks for it"
      )
    }
    return (disk, generated.summary)
  }

  /// Builds the disk, and its map.
  ///
  /// - Throws: ``UserError`` if it cannot be built for a client that asks for its name.
  func buildMap() throws(UserError) -> MappedDisk {
    let generated = try build()
    if let map = generated.map { return MappedDisk(title: generated.summary, map: map) }
    guard case .perSession(let session) = generated.content else {
      preconditionFailure("a disk is one for all, or one for each")
    }
    do throws(SessionFailure) {
      let disk = try session.make(Session(exportName: Array(exportName.utf8)))
      return MappedDisk(title: generated.summary, map: SegmentMap(disk))
    } catch {
      throw UserError(usage: "\(verb): \(recipe.generator.manual.name): \(error.problem)")
    }
  }
}

extension UserError {
  /// The error as one of an export.
  fileprivate func reported(about export: String) -> UserError {
    var error = self
    let name = HostPath.printable(export.utf8)
    error.lines = lines.map { "export \"\(name)\": \($0)" }
    return error
  }
}
