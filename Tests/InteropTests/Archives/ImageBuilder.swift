import Foundation
import TestSupport

/// Makes OCI image layouts and archives of `docker save` out of tar archives.
final class ImageBuilder {
  /// The layout.
  let path: String
  private var manifests: [String] = []

  init(_ path: String) throws {
    self.path = path
    try Program("mkdir").succeed(["-p", "\(path)/blobs/sha256"])
    try write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "oci-layout")
  }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  /// Takes in a blob; its descriptor.
  func add(_ file: String, type: String, more: String = "") throws -> String {
    let digest = try Program("sha256sum").succeed([file]).text.prefix(64)
    try Program("cp").succeed([file, "\(path)/blobs/sha256/\(digest)"])
    let size = try RawPath(file).facts().size
    return #"{"mediaType":"\#(type)","digest":"sha256:\#(digest)","size":\#(size)\#(more)}"#
  }

  func add(json: String, type: String, more: String = "") throws -> String {
    let file = "\(path)/new"
    try write(json, to: "new")
    defer { _ = try? RawPath(file).remove() }
    return try add(file, type: "application/vnd.oci.image.\(type)+json", more: more)
  }

  /// The descriptor of a manifest with these layers.
  func manifest(
    _ layers: [String],
    architecture: String = "amd64",
    more: String = ""
  ) throws -> String {
    let config = try add(
      json: #"{"os":"linux","architecture":"\#(architecture)","rootfs":{}}"#,
      type: "config.v1"
    )
    var descriptors: [String] = []
    for layer in layers {
      descriptors.append(try add(layer, type: "application/vnd.oci.image.layer.v1.tar"))
    }
    return try add(
      json:
        #"{"schemaVersion":2,"config":\#(config),"layers":[\#(descriptors.joined(separator: ","))]}"#,
      type: "manifest.v1",
      more: more
    )
  }

  /// The descriptor of an index.
  func index(_ manifests: [String], more: String = "") throws -> String {
    try add(json: Self.index(manifests), type: "index.v1", more: more)
  }

  /// Ends the layout with its own index.
  func finish(_ manifests: [String]) throws { try write(Self.index(manifests), to: "index.json") }

  private static func index(_ manifests: [String]) -> String {
    #"{"schemaVersion":2,"manifests":[\#(manifests.joined(separator: ","))]}"#
  }

  /// What a descriptor says of an image's name.
  static func named(_ name: String) -> String {
    #","annotations":{"org.opencontainers.image.ref.name":"\#(name)"}"#
  }

  /// What a descriptor says of its platform.
  static func platform(_ architecture: String, variant: String? = nil) -> String {
    let more = variant.map { #","variant":"\#($0)""# } ?? ""
    return #","platform":{"os":"linux","architecture":"\#(architecture)"\#(more)}"#
  }
}
