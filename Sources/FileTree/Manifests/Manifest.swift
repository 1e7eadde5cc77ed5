import CHost
package import DiskModel
import SystemPackage

/// A file that says what files of a tree are like: their attributes, which ones there
/// are beside those that were found, and which ones are not.
package struct Manifest {
  /// How a manifest is written.
  package enum Format: String, CaseIterable, Sendable {
    /// As for mtree(8).
    case mtree
    /// As for makedevs and genext2fs.
    case devices
  }

  /// Most bytes of a manifest.
  private static let sizeLimit = 256 << 20

  /// Applies manifests to a tree, one after the other; of what they say of a file the
  /// last counts.
  ///
  /// - Parameters:
  ///   - paths: The manifests; symbolic links are followed.
  ///   - format: What they are, or `nil` to find out.
  ///   - draft: The tree.
  ///   - defaults: What made files are like.
  ///   - descriptors: Keeps files that manifests name open while they are served.
  /// - Throws: ``ManifestFailure`` with everything that is wrong; the draft is then of
  ///   no use.
  package static func apply(
    _ paths: [String],
    format: Format? = nil,
    to draft: inout TreeDraft,
    defaults: NewFileDefaults = NewFileDefaults(),
    descriptors: DescriptorCache
  ) throws(ManifestFailure) {
    var failure = ManifestFailure()
    for path in paths {
      let name = HostPath.printable(path.utf8)
      do throws(ManifestError) {
        let bytes = try read(path)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var applier = ManifestApplier(folder: folder, defaults, descriptors)
        apply(try reader(of: bytes, format), &applier, to: &draft, name, &failure)
      } catch {
        failure.add("\(name)\(error.place.line > 0 ? ":\(error.place)" : ""): \(error.problem)")
      }
    }
    guard failure.problemCount == 0 else { throw failure }
  }

  private static func apply(
    _ reader: any ManifestReader,
    _ applier: inout ManifestApplier,
    to draft: inout TreeDraft,
    _ name: String,
    _ failure: inout ManifestFailure
  ) {
    var reader = reader
    var errors: [ManifestError] = []
    while true {
      let entry = reader.next(&errors)
      for error in errors { failure.add("\(name):\(error.place): \(error.problem)") }
      errors.removeAll(keepingCapacity: true)
      guard let entry else { break }
      do throws(ManifestError) {
        try applier.apply(entry, to: &draft)
      } catch {
        failure.add(
          "\(name):\(error.place): /\(HostPath.printable(entry.path)): \(error.problem)"
        )
      }
    }
    for note in reader.remarks.notes { draft.add(note: "\(name): \(note)") }
  }

  /// The bytes of a manifest, which need not be a regular file.
  private static func read(_ path: String) throws(ManifestError) -> [UInt8] {
    let nowhere = ManifestPlace(line: 0, column: 0)
    var bytes: [UInt8] = []
    do throws(Errno) {
      let descriptor = try HostCall.openPath(path)
      defer { host_close(descriptor) }
      while bytes.count <= sizeLimit {
        let piece = try HostCall.readStream(descriptor, count: 1 << 16)
        if piece.isEmpty { return bytes }
        bytes += piece
      }
    } catch {
      throw ManifestError(error.description, at: nowhere)
    }
    throw ManifestError("a manifest has at most \(sizeLimit >> 20) MiB", at: nowhere)
  }

  /// The reader for a manifest, by its form.
  static func reader(
    of bytes: [UInt8],
    _ format: Format?
  ) throws(ManifestError) -> any ManifestReader {
    let found: Format
    if let format { found = format } else { found = try Self.format(of: bytes) }
    switch found {
    case .mtree: return MtreeReader(ManifestLines(bytes))
    case .devices: return DeviceTableReader(ManifestLines(bytes, hasEscapes: false))
    }
  }

  /// The form of a manifest, by its first line that says something.
  static func format(of bytes: [UInt8]) throws(ManifestError) -> Format {
    if bytes.starts(with: Array("#mtree".utf8)) { return .mtree }
    var lines = ManifestLines(bytes)
    guard let name = lines.nextLine() else { return .mtree }
    if ["/set", "/unset", ".", ".."].contains(name.text) { return .mtree }
    guard let word = lines.nextWord() else { return .mtree }
    if word.bytes.count == 1 { return .devices }
    let (key, value) = word.parts
    let isFlag = ["absent", "optional", "nochange", "ignore"].contains(key)
    if value != nil || isFlag { return .mtree }
    throw name.error(
      "neither an mtree manifest (NAME KEYWORD=VALUE...) nor a device table (NAME TYPE MODE...); "
        + "manifest-format= says which"
    )
  }
}

extension ManifestPlace: CustomStringConvertible {
  var description: String { "\(line):\(column)" }
}
