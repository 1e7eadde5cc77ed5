// swift-tools-version: 6.2
import PackageDescription

// Of its own, as a fuzzer has no `main`: libFuzzer brings it.
let package = Package(
  name: "nbdgen-fuzz",
  platforms: [.macOS(.v26)],
  products: [.executable(name: "ExpressionFuzzer", targets: ["ExpressionFuzzer"])],
  dependencies: [.package(name: "nbdgen", path: "..")],
  targets: [
    .executableTarget(
      name: "ExpressionFuzzer",
      dependencies: [
        .product(name: "DataGenerator", package: "nbdgen"),
        .product(name: "DiskModel", package: "nbdgen"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()]
    )
  ]
)
