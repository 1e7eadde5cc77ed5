// swift-tools-version: 6.2
import PackageDescription

/// The settings that every target of the project is built with.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

let package = Package(
  name: "nbdgen",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "nbdgen", targets: ["nbdgen"]),
    .library(name: "DataGenerator", targets: ["DataGenerator"]),
    .library(name: "DiskModel", targets: ["DiskModel"]),
    .library(name: "FileTree", targets: ["FileTree"]),
    .library(name: "GeneratorKit", targets: ["GeneratorKit"]),
    .library(name: "NBDProtocol", targets: ["NBDProtocol"]),
    .library(name: "NBDServer", targets: ["NBDServer"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
  ],
  targets: [
    // C: system libraries, and the few system calls that Swift cannot express.
    .systemLibrary(
      name: "CExt2FS",
      pkgConfig: "ext2fs",
      providers: [.apt(["libext2fs-dev"]), .brew(["e2fsprogs"])]
    ),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CCrypto",
      pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]
    ),
    .systemLibrary(
      name: "CYAML",
      pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]
    ),
    .target(name: "CHost"),

    // The disk and what it is made from.
    .target(
      name: "DiskModel",
      dependencies: [
        "CCrypto", "CHost", "CZlib", .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: house
    ),
    .target(
      name: "FileTree",
      dependencies: [
        "CCrypto", "CExt2FS", "CHost", "CZlib", "DiskModel", "GeneratorKit",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: house
    ),
    .target(name: "GeneratorKit", dependencies: ["DiskModel"], swiftSettings: house),

    // The network.
    .target(name: "NBDProtocol", swiftSettings: house),
    .target(
      name: "NBDServer",
      dependencies: [
        "CHost", "DiskModel", "NBDProtocol",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: house
    ),

    // Generators: one target each.
    .target(
      name: "LinuxDiskGenerator",
      dependencies: ["CExt2FS", "DiskModel", "FileTree", "GeneratorKit"],
      path: "Generators/LinuxDisk",
      swiftSettings: house
    ),

    .target(
      name: "DataGenerator",
      dependencies: [
        "CHost", "DiskModel", "GeneratorKit",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Generators/Data",
      swiftSettings: house
    ),

    .target(
      name: "FloppyGenerator",
      dependencies: ["CHost", "DiskModel", "FileTree", "GeneratorKit"],
      path: "Generators/Floppy",
      swiftSettings: house
    ),
    .target(
      name: "InfoGenerator",
      dependencies: ["DataGenerator", "DiskModel", "GeneratorKit"],
      path: "Generators/Info",
      swiftSettings: house
    ),

    // The command.
    .executableTarget(
      name: "nbdgen",
      dependencies: [
        "CHost", "CYAML", "DataGenerator", "DiskModel", "FileTree", "FloppyGenerator",
        "GeneratorKit", "InfoGenerator", "LinuxDiskGenerator", "NBDServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: house
    ),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: ["DiskModel"],
      path: "Tests/TestSupport",
      swiftSettings: house
    ),
    .testTarget(
      name: "DiskModelTests",
      dependencies: [
        "DiskModel", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: house
    ),
    .testTarget(name: "NBDProtocolTests", dependencies: ["NBDProtocol"], swiftSettings: house),
    .testTarget(
      name: "NBDServerTests",
      dependencies: [
        "DiskModel", "NBDProtocol", "NBDServer", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      exclude: ["findings"],
      swiftSettings: house
    ),
    .testTarget(
      name: "GeneratorKitTests",
      dependencies: ["GeneratorKit"],
      swiftSettings: house
    ),
    .testTarget(
      name: "FileTreeTests",
      dependencies: ["DiskModel", "FileTree", "TestSupport"],
      swiftSettings: house
    ),
    .testTarget(
      name: "LinuxDiskTests",
      dependencies: [
        "CExt2FS", "DiskModel", "FileTree", "GeneratorKit", "LinuxDiskGenerator", "TestSupport",
      ],
      swiftSettings: house
    ),
    .testTarget(
      name: "DataTests",
      dependencies: ["DataGenerator", "DiskModel", "GeneratorKit", "TestSupport"],
      exclude: ["data-cases.jsonl", "findings"],
      swiftSettings: house
    ),
    .testTarget(
      name: "InfoTests",
      dependencies: ["DiskModel", "GeneratorKit", "InfoGenerator", "TestSupport"],
      swiftSettings: house
    ),
    .testTarget(
      name: "FloppyTests",
      dependencies: ["DiskModel", "FileTree", "FloppyGenerator", "GeneratorKit", "TestSupport"],
      swiftSettings: house
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: ["nbdgen", "TestSupport"],
      swiftSettings: house
    ),
    .testTarget(
      name: "InteropTests",
      dependencies: ["nbdgen", "TestSupport"],
      swiftSettings: house
    ),
    .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: house),
  ]
)
