import Foundation
import Testing

/// Checks what neither the compiler nor the formatter does.
@Suite("The tree is tidy")
struct TidyTests {
  /// The top of the repository.
  static let top = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let sources = ["Sources", "Generators", "Tests"]

  /// Swift and C files below the folders, with their text.
  static func files(below folders: [String]) throws -> [(path: String, text: String)] {
    try folders.flatMap { folder in
      let root = top.appendingPathComponent(folder).path
      let names = try FileManager.default.subpathsOfDirectory(atPath: root)
      return try names.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }
        .map { ("\(folder)/\($0)", try String(contentsOfFile: "\(root)/\($0)", encoding: .utf8)) }
    }
  }

  @Test("no file has more than 350 lines")
  func filesAreShort() throws {
    let files = try Self.files(below: Self.sources)
    #expect(files.count > 50)
    for file in files {
      #expect(
        file.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 350,
        "\(file.path)"
      )
    }
  }

  /// The files that own a C handle, a descriptor or a buffer.
  private static let unsafeFiles: Set<String> = [
    "Generators/Data/HostInput.swift",
    "Generators/LinuxDisk/BlockwiseSource.swift",
    "Generators/LinuxDisk/Checksum.swift",
    "Generators/LinuxDisk/CapturingIO.swift",
    "Generators/LinuxDisk/DirectoryHash.swift",
    "Generators/LinuxDisk/Ext2Error.swift",
    "Generators/LinuxDisk/Ext2Library.swift",
    "Sources/DiskModel/ContentDigest.swift",
    "Sources/FileTree/Archives/FilterProgram.swift",
    "Sources/FileTree/Archives/Inflater.swift",
    "Sources/FileTree/AttributeReader.swift",
    "Sources/FileTree/TreeDigest.swift",
    "Sources/DiskModel/ByteSource+Bytes.swift",
    "Sources/DiskModel/Disk+Reading.swift",
    "Sources/DiskModel/FileMapping.swift",
    "Sources/DiskModel/GUIDPartitionTable.swift",
    "Sources/DiskModel/HostCall.swift",
    "Sources/DiskModel/HostPathFile.swift", "Sources/DiskModel/HugePages.swift",
    "Sources/DiskModel/OutputRawSpan+Copying.swift",
    "Sources/FileTree/DirectoryLister.swift", "Sources/FileTree/ScannedDirectory.swift",
    "Sources/FileTree/DraftNames.swift", "Sources/FileTree/HostDirectory.swift",

    "Sources/FileTree/TreeScanner.swift",
    "Sources/NBDProtocol/BigEndian.swift",
    "Sources/NBDServer/Binder.swift",
    "Sources/NBDServer/NBDServer.swift", "Sources/NBDServer/Outbox.swift",
    "Sources/NBDServer/Inbox.swift",
    "Sources/nbdgen/BuildWatch.swift", "Sources/nbdgen/CaptiveCommand.swift",
    "Sources/nbdgen/Exports/YAMLEvents.swift",
    "Sources/nbdgen/Environment.swift", "Sources/nbdgen/HostClock.swift",
    "Sources/nbdgen/LogOutput.swift",
    "Sources/nbdgen/Writing/OutputFile.swift", "Sources/nbdgen/Writing/QemuImage.swift",
    "Sources/nbdgen/Leftovers.swift", "Sources/nbdgen/PlainFile.swift",
    "Sources/nbdgen/StandardStreams.swift",
  ]

  @Test("unsafe code stays in the files that need it")
  func unsafeCodeIsConfined() throws {
    let found = try Self.files(below: ["Sources", "Generators"])
      .filter { file in
        file.text.split(separator: "\n").contains { line in
          !line.drop(while: \.isWhitespace).hasPrefix("//")
            && line.split { !$0.isLetter && $0 != "_" }.contains("unsafe")
        }
      }
      .map(\.path)
    #expect(Set(found) == Self.unsafeFiles)
  }

  /// What each module may import of the project's own.
  private static let allowedImports: [String: Set<String>] = [
    "Sources/DiskModel": ["CCrypto", "CHost", "CZlib"],
    "Sources/FileTree": ["CCrypto", "CExt2FS", "CHost", "CZlib", "DiskModel", "GeneratorKit"],
    "Sources/GeneratorKit": ["DiskModel"],
    "Sources/NBDProtocol": [],
    "Sources/NBDServer": ["CHost", "DiskModel", "NBDProtocol"],
    "Generators/Data": ["CHost", "DiskModel", "GeneratorKit"],
    "Generators/Floppy": ["CHost", "DiskModel", "FileTree", "GeneratorKit"],
    "Generators/Info": ["DataGenerator", "DiskModel", "GeneratorKit"],
    "Generators/LinuxDisk": ["CExt2FS", "DiskModel", "FileTree", "GeneratorKit"],
  ]

  private static let ownModules: Set<String> = [
    "CCrypto", "CExt2FS", "CHost", "CYAML", "CZlib", "DataGenerator", "DiskModel", "FileTree",
    "GeneratorKit",
    "LinuxDiskGenerator",
    "NBDProtocol", "NBDServer", "nbdgen",
  ]

  @Test("modules know only the ones that they may know", arguments: allowedImports.keys.sorted())
  func importsPointOneWay(folder: String) throws {
    for file in try Self.files(below: [folder]) {
      let imports = file.text.split(separator: "\n").filter { $0.contains("import ") }
        .compactMap { $0.split(separator: " ").last.map(String.init) }
      let own = Set(imports).intersection(Self.ownModules)
      #expect(own.isSubset(of: Self.allowedImports[folder] ?? []), "\(file.path)")
    }
  }

  @Test("every generator is in the registry and in the README")
  func generatorsAreRegistered() throws {
    let registry = try String(
      contentsOf: Self.top.appendingPathComponent("Sources/nbdgen/GeneratorRegistry.swift"),
      encoding: .utf8
    )
    let readme = try String(
      contentsOf: Self.top.appendingPathComponent("README.md"),
      encoding: .utf8
    )
    let generators = try FileManager.default.contentsOfDirectory(
      atPath: Self.top.appendingPathComponent("Generators").path
    )
    #expect(!generators.isEmpty)
    for generator in generators {
      // A type named like its folder, or more so where that would clash: DataDisk.
      let types = ["\(generator).self", "\(generator)Disk.self"]
      #expect(types.contains { registry.contains($0) }, "\(generator)")
      #expect(readme.contains("`\(generator.lowercased())`"), "\(generator)")
    }
  }
}
