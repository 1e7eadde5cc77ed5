import CHost
import DiskModel
import SystemPackage

/// An open file without a name, which is gone when nobody reads from it any more.
final class TemporaryFile: HostFileSet {
  let descriptors: DescriptorCache

  /// What the file holds, for people.
  private let name: String

  /// The open file.
  let descriptor: CInt

  private let sealed: FileSeal

  /// Takes over an open file whose content is final.
  init(_ descriptor: CInt, name: String, descriptors: DescriptorCache) throws(Errno) {
    self.descriptor = descriptor
    self.name = name
    self.descriptors = descriptors
    do throws(Errno) {
      sealed = FileSeal(try HostCall.status(of: descriptor))
    } catch {
      host_close(descriptor)
      throw error
    }
  }

  deinit { host_close(descriptor) }

  var size: Int { sealed.size }

  func seal(of index: Int) -> FileSeal { sealed }

  func path(of index: Int) -> String { name }

  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
    try HostCall.check(host_duplicate(descriptor))
  }
}
