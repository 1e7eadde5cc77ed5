import Foundation

/// How many of the process's descriptors are open on something below `path`.
package func openDescriptorCount(below path: String) throws -> Int {
  let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
  return names.count { name in
    // A descriptor may be closed by a test that runs at the same time.
    let link = "/proc/self/fd/\(name)"
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
    guard let target else { return false }
    return target == resolved || target.hasPrefix(resolved + "/")
  }
}
