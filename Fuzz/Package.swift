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
]

/// The fuzzers of the server.
let fuzzers = ["OptionFuzzer", "RequestFuzzer", "ConnectionFuzzer"]

// Of its own, as a fuzzer has no `main`: libFuzzer brings it.
let package = Package(
  name: "nbdgen-fuzz",
  platforms: [.macOS(.v26)],
  products: (["ArchiveFuzzer", "ExpressionFuzzer"] + fuzzers).map {
    .executable(name: $0, targets: [$0])
  },
  dependencies: [
    .package(name: "nbdgen", path: ".."),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .executableTarget(
      name: "ArchiveFuzzer",
      dependencies: [
        .product(name: "DiskModel", package: "nbdgen"),
        .product(name: "FileTree", package: "nbdgen"),
      ],
      swiftSettings: house
    ),
    .executableTarget(
      name: "ExpressionFuzzer",
      dependencies: [
        .product(name: "DataGenerator", package: "nbdgen"),
        .product(name: "DiskModel", package: "nbdgen"),
      ],
      swiftSettings: house
    ),
    // Folders of the tests, in which what fuzzers do is what the tests do.
    .target(
      name: "TestSupport",
      dependencies: [.product(name: "DiskModel", package: "nbdgen")],
      swiftSettings: house
    ),
    .target(
      name: "NBDFuzzing",
      dependencies: [
        "TestSupport",
        .product(name: "DiskModel", package: "nbdgen"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NBDProtocol", package: "nbdgen"),
        .product(name: "NBDServer", package: "nbdgen"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: house
    ),
  ]
    + fuzzers.map {
      .executableTarget(name: $0, dependencies: ["NBDFuzzing"], swiftSettings: house)
    }
)
