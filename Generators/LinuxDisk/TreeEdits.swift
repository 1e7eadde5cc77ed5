import DiskModel
import FileTree
import GeneratorKit

/// What is done to a tree before it becomes a filesystem, in this order: things are
/// left out, owners and modes change, and manifests say what files are like.
struct TreeEdits {
  /// What of directories and archives is left out.
  private(set) var filter = PathFilter()
  private var owner: (user: UInt32, group: UInt32)?
  /// Permissions that are taken away.
  private var mask: UInt16 = 0
  private var manifests: [String]
  private var format: Manifest.Format?

  init(_ parameters: Parameters) throws(GeneratorError) {
    manifests = parameters.all("manifest").map(\.value)
    format = try parameters.choice("manifest-format", of: Manifest.Format.self)
    if format != nil && manifests.isEmpty {
      throw parameters.error("manifest-format", "there is no manifest=")
    }
    for (name, value) in parameters.all("exclude", "include") {
      do throws(PathPattern.Failure) {
        filter.add(try PathPattern(value), isExclusion: name == "exclude")
      } catch {
        throw parameters.error(name, value, error.problem)
      }
    }
    owner = try Self.owner(parameters)
    if let text = parameters["mode-mask"] {
      guard let mask = UInt16(text, radix: 8), mask <= 0o7777, text.first != "+" else {
        throw parameters.error("mode-mask", "not an octal mode, such as 022")
      }
      self.mask = mask
    }
  }

  private static func owner(
    _ parameters: Parameters
  ) throws(GeneratorError) -> (user: UInt32, group: UInt32)? {
    guard let text = parameters["owner"] else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.first == "+" ? nil : UInt32($0) }
    guard parts.count == 2, numbers.count == 2, !numbers.contains(.max) else {
      throw parameters.error("owner", "not two numbers, USER:GROUP, such as 0:0")
    }
    return (numbers[0], numbers[1])
  }

  /// Whether nothing is done but leaving things out.
  var isEmpty: Bool { owner == nil && mask == 0 && manifests.isEmpty }

  /// Does what is done to a tree that the filter went over.
  func apply(
    to draft: inout TreeDraft,
    _ descriptors: DescriptorCache,
    _ changePolicy: ChangePolicy
  ) throws(GeneratorError) {
    if owner != nil || mask != 0 { draft.setAll(owner: owner, mask: mask) }
    let defaults = NewFileDefaults(user: owner?.user ?? 0, group: owner?.group ?? 0, mask: mask)
    do throws(ManifestFailure) {
      try Manifest.apply(
        manifests,
        format: format,
        to: &draft,
        defaults: defaults,
        descriptors: descriptors,
        changePolicy: changePolicy
      )
    } catch {
      throw .host(error.lines)
    }
  }
}
