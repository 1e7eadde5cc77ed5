// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "numbers",
  platforms: [.macOS(.v26)],
  dependencies: [
    // In a package of your own: .package(url: "…/nbdgen", from: "…").
    .package(name: "nbdgen", path: "../.."),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
  ],
  targets: [
    .executableTarget(
      name: "numbers",
      dependencies: [
        .product(name: "DiskModel", package: "nbdgen"),
        .product(name: "GeneratorKit", package: "nbdgen"),
        .product(name: "NBDServer", package: "nbdgen"),
        .product(name: "Logging", package: "swift-log"),
      ]
    )
  ]
)
