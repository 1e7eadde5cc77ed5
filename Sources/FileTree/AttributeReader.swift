import CHost
import DiskModel
import SystemPackage

/// Reads the extended attributes of a file of the host.
@safe struct AttributeReader {
  let directory: CInt
  /// A name in the directory, or `nil` for the directory itself.
  private let name: UnsafePointer<CChar>?

  /// The reader of `name` in an open directory, valid as long as the name is.
  init(directory: CInt, name: UnsafePointer<CChar>?) {
    self.directory = directory
    unsafe self.name = unsafe name
  }

  /// What there is.
  struct Found {
    var attributes: [ExtendedAttribute] = []
    /// A name that only the host's filesystem knows, if there is one.
    var foreign: ArraySlice<UInt8>?
  }

  /// Bytes that are enough for most values, and for most lists of names.
  private static let usualSize = 256

  /// Most bytes of a value, and of a list (`XATTR_SIZE_MAX` and `XATTR_LIST_MAX`
  /// of linux/limits.h).
  private static let sizeLimit = 65536

  /// Reads names and values; a filesystem without attributes has none.
  func read() throws(Errno) -> Found {
    var found = Found()
    var names: [UInt8] = []
    do throws(Errno) {
      names = try unsafe bytes { unsafe host_list_attributes(directory, name, $0, $1) }
    } catch .notSupported {
      return found
    }
    if names.isEmpty { return found }
    for attribute in names.split(separator: 0) {
      var new = ExtendedAttribute(name: attribute, value: [])
      guard new.isPortable else {
        found.foreign = attribute
        continue
      }
      do throws(Errno) {
        new.value = try value(of: attribute)
      } catch .noData {
        // It was there when it was listed.
        continue
      }
      found.attributes.append(new)
    }
    return found
  }

  private func value(of attribute: ArraySlice<UInt8>) throws(Errno) -> ArraySlice<UInt8> {
    let terminated = Array(attribute) + [0]
    return try unsafe bytes { buffer, count in
      unsafe terminated.withUnsafeBytes { bytes in
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        return unsafe host_get_attribute(directory, name, start, buffer, count)
      }
    }[...]
  }

  /// What `read` puts into a buffer, which grows once if it has to; nothing, as for most
  /// files, takes no memory.
  private func bytes(
    _ read: (UnsafeMutableRawPointer?, Int) -> Int64
  ) throws(Errno) -> [UInt8] {
    var result: Int64 = 0
    var bytes = unsafe withUnsafeTemporaryAllocation(byteCount: Self.usualSize, alignment: 1) {
      buffer in
      result = unsafe read(buffer.baseAddress, buffer.count)
      return unsafe [UInt8](buffer.prefix(max(0, Int(result))))
    }
    if result == -Int64(Errno.outOfRange.rawValue) {
      bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.sizeLimit) { buffer, count in
        result = unsafe read(buffer.baseAddress, Self.sizeLimit)
        count = max(0, Int(result))
      }
    }
    _ = try HostCall.check(result)
    return bytes
  }
}

extension DirectoryLister {
  /// Reads the extended attributes of a new node; what cannot be read is a problem.
  ///
  /// - Parameters:
  ///   - node: The node.
  ///   - name: Its name in the directory; empty for the directory itself.
  ///   - directory: The directory, which is open.
  /// - Throws: Only that there is no such file any more.
  mutating func findAttributes(
    of node: inout Node,
    name: Range<Int>,
    in directory: CInt
  ) throws(Errno) {
    guard options.readsAttributes else { return }
    var result = Result<AttributeReader.Found, Errno>.success(.init())
    unsafe withName(at: name.lowerBound) { start in
      let reader = unsafe AttributeReader(directory: directory, name: name.isEmpty ? nil : start)
      do throws(Errno) { result = .success(try reader.read()) } catch { result = .failure(error) }
    }
    do throws(Errno) {
      let found = try result.get()
      if let foreign = found.foreign { parts.foreignAttribute = Array(foreign) }
      if found.attributes.isEmpty { return }
      node.attributes = parts.index(of: AttributeSet(found.attributes))
    } catch .noSuchFileOrDirectory {
      throw .noSuchFileOrDirectory
    } catch {
      report("extended attributes: \(error.description)", name: name)
    }
  }
}

extension TreeParts {
  /// The number of a set of attributes, which is kept if it is new.
  mutating func index(of set: AttributeSet) -> UInt32 {
    if set.isEmpty { return 0 }
    if let known = attributeNumbers[set] { return known }
    let number = UInt32(attributeSets.count)
    attributeSets.append(set)
    attributeNumbers[set] = number
    return number
  }
}
