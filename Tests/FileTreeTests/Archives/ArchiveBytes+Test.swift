import DiskModel
import TestSupport

@testable import FileTree

extension ArchiveOpener {
  /// An opener of its own.
  convenience init() {
    self.init(descriptors: DescriptorCache(capacity: 4), temporaryDirectory: "/tmp")
  }

  /// What is in a tar archive, compressed or not.
  func tar(_ bytes: [UInt8]) throws(ArchiveFailure) -> Opened<TarReader.Contents> {
    try open(ArchiveBytes(bytes)) { input throws(ArchiveFailure) in try TarReader.read(input) }
  }
}

/// Makes tar archives, right and wrong ones.
struct TarBuilder {
  var bytes: [UInt8] = []

  /// Appends a header and content.
  mutating func add(
    _ name: String,
    type: Character = "0",
    content: [UInt8] = [],
    size: Int? = nil,
    link: String = "",
    magic: String = "ustar\u{0}00",
    prefix: String = "",
    change: (inout [UInt8]) -> Void = { _ in }
  ) {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put("0000644", at: 100)
    put("0001750", at: 108)
    put("0000144", at: 116)
    put(octal(size ?? content.count, 11), at: 124)
    put(octal(1_700_000_000, 11), at: 136)
    put(String(type), at: 156)
    put(link, at: 157)
    put(magic, at: 257)
    put(prefix, at: 345)
    change(&block)
    for index in 148..<156 { block[index] = 32 }
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
    bytes += block + content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// Appends a pax extended header.
  mutating func addRecords(_ records: [(String, [UInt8])], type: Character = "x") {
    var content: [UInt8] = []
    for (keyword, value) in records {
      let rest = keyword.utf8.count + value.count + 3
      var length = rest + 1
      while length != rest + String(length).utf8.count { length = rest + String(length).utf8.count }
      content += Array("\(length) \(keyword)=".utf8) + value + [10]
    }
    add("pax", type: type, content: content)
  }

  mutating func addRecords(_ records: [(String, String)], type: Character = "x") {
    addRecords(records.map { ($0.0, Array($0.1.utf8)) }, type: type)
  }

  /// The archive with its end.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
