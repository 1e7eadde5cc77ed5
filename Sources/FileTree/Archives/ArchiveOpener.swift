package import DiskModel
import SystemPackage

/// Opens archives, compressed or not, and remembers what to tell the user of them.
package final class ArchiveOpener {
  let descriptors: DescriptorCache

  /// Pieces of gzip files that were decompressed lately.
  private let cache = PieceCache()

  /// Where archives are decompressed to that cannot be read in place.
  private let temporaryDirectory: String

  /// What the user should know, a line each.
  private var notes: [String] = []

  /// - Parameters:
  ///   - descriptors: Keeps archives open while they are served.
  ///   - temporaryDirectory: Where temporary files go.
  package init(descriptors: DescriptorCache, temporaryDirectory: String) {
    self.descriptors = descriptors
    self.temporaryDirectory = temporaryDirectory
  }

  /// An archive that was opened: its bytes, decompressed, and what was found.
  struct Opened<Found> {
    var archive: ArchiveBytes
    var found: Found
  }

  /// The notes so far, which are then forgotten.
  func takeNotes() -> [String] {
    defer { notes = [] }
    return notes
  }

  /// A host file, which is sealed.
  func file(_ path: String) throws(ArchiveFailure) -> ArchiveBytes {
    guard let file = try fileIfThere(path) else {
      throw ArchiveFailure(HostPath.printable(path.utf8), Errno.noSuchFileOrDirectory.description)
    }
    return file
  }

  /// The same, or `nil` if there is none.
  func fileIfThere(_ path: String) throws(ArchiveFailure) -> ArchiveBytes? {
    let shown = HostPath.printable(path.utf8)
    let opened: SealedHostFile?
    do throws(Errno) {
      opened = try SealedHostFile(path, descriptors: descriptors)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw ArchiveFailure(shown, error.description)
    }
    guard let opened else { throw ArchiveFailure(shown, "not a regular file") }
    return ArchiveBytes(name: shown, source: opened.source, offset: 0, size: opened.seal.size)
  }

  /// Reads what is in an archive, which is decompressed on the way if need be.
  ///
  /// - Parameters:
  ///   - archive: The archive.
  ///   - body: Reads, front to back.
  /// - Returns: The decompressed archive and what `body` made of it.
  /// - Throws: ``ArchiveFailure`` of the archive, of decompressing it or of `body`.
  func open<Found>(
    _ archive: ArchiveBytes,
    _ body: (any ArchiveInput) throws(ArchiveFailure) -> Found
  ) throws(ArchiveFailure) -> Opened<Found> {
    var archive = archive
    switch Compression(start: try archive.bytes(6, at: 0)) {
    case .none:
      break
    case .gzip:
      let indexer = GzipIndexer(archive)
      let found = try body(indexer)
      let index = try indexer.finish()
      archive.source = GzipSource(archive, index: index, cache: cache)
      archive.offset = 0
      archive.size = index.size
      return Opened(archive: archive, found: found)
    case .filter(let program):
      let filter = FilterProgram(name: program, directory: temporaryDirectory)
      archive = try filter.decompress(archive, descriptors: descriptors)
      let directory = HostPath.printable(temporaryDirectory.utf8)
      notes.append(
        "\(archive.name) was decompressed by \(program) into a temporary file of "
          + "\(Self.described(archive.size)) in \(directory), which goes when nbdgen ends"
      )
    }
    return Opened(archive: archive, found: try body(PlainInput(archive)))
  }

  private static func described(_ size: Int) -> String {
    size < 10 << 20 ? "\((size + 1023) >> 10) KiB" : "\(size >> 20) MiB"
  }
}
