@testable import DiskModel
@testable import FileTree

/// Opens an archive of a stranger as linuxdisk does, and reads what it has: what the
/// fuzzer does with every input, and the tests with some thousand.
///
/// Nothing that the bytes say may crash, hang or take much memory.
func checkStrangersArchive(_ bytes: [UInt8]) {
  // Programs that decompress are not started without a place for what comes out.
  let opener = ArchiveOpener(
    descriptors: DescriptorCache(capacity: 1),
    temporaryDirectory: "/nonexistent"
  )
  do throws(ArchiveFailure) {
    let opened = try opener.open(ArchiveBytes(bytes)) { input throws(ArchiveFailure) in
      try TarReader.read(input)
    }
    for hasWhiteouts in [false, true] {
      var draft = ArchiveDraft(keepsAttributes: true)
      try draft.add(opened.found.members, of: opened.archive, hasWhiteouts: hasWhiteouts)
      checkContent(of: draft.draft.finish())
    }
  } catch {
    precondition(error.archive.hasPrefix("test.tar"), "an error names the archive")
  }
}

/// All that files have can be read, and lies inside of them.
private func checkContent(of tree: Tree) {
  for (index, node) in tree.nodes.enumerated() where node.kind == .regular {
    let content = tree.content(of: index)
    for range in tree.dataRanges(of: node) {
      precondition(range.upperBound <= node.size, "data lies in its file")
      for start in [range.lowerBound, max(range.lowerBound, range.upperBound - 4096)] {
        let count = min(range.upperBound - start, 4096)
        let bytes = try? content.source.bytes(count, at: content.offset + start)
        precondition(bytes?.count == count, "data lies in the archive")
      }
    }
  }
}

/// The archive with right checksums, where there are headers.
func withRightChecksums(_ archive: [UInt8]) -> [UInt8] {
  var bytes = archive
  for start in stride(from: 0, to: bytes.count - 511, by: 512)
  where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
    for index in start + 148..<start + 156 { bytes[index] = 32 }
    let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
    for (index, byte) in String(sum, radix: 8).utf8.enumerated() {
      bytes[start + 148 + index] = byte
    }
  }
  return bytes
}

/// Bytes in memory as a source.
final class MemorySource: ByteSource {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw ReadFailure(subject: "memory", offset: offset, cause: "beyond the end")
    }
    let bytes = bytes
    output.append(copying: bytes.span.extracting(offset..<offset + count))
  }
}

extension ArchiveBytes {
  /// An archive in memory, in the midst of other bytes.
  init(_ bytes: [UInt8], name: String = "test.tar") {
    let source = MemorySource([0xD1, 0xD1, 0xD1] + bytes + [0xD1])
    self.init(name: name, source: source, offset: 3, size: bytes.count)
  }
}
