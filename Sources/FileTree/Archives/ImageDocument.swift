import DiskModel

/// An index or a manifest of an image (OCI image specification; Docker's are alike).
struct ImageDocument {
  private let value: JSONValue

  /// The document for people.
  private let name: String

  /// The most manifests or layers that are read of a document.
  private static let countLimit = 10_000

  init(_ value: JSONValue, name: String) throws(ArchiveFailure) {
    self.value = value
    self.name = name
    guard value["manifests"] != nil || value["layers"] != nil else {
      throw ArchiveFailure(name, "neither an index nor a manifest of an image")
    }
  }

  /// Whether it has layers, not further manifests.
  var isManifest: Bool { value["layers"] != nil }

  func manifests() throws(ArchiveFailure) -> [ImageDescriptor] {
    try descriptors(value["manifests"])
  }

  func layers() throws(ArchiveFailure) -> [ImageDescriptor] {
    let layers = try descriptors(value["layers"])
    for layer in layers where !layer.isLayer {
      let type = HostPath.printable(layer.mediaType.utf8.prefix(100))
      throw ArchiveFailure(name, "a layer is of type \(type), which is not a filesystem's")
    }
    return layers
  }

  func configuration() throws(ArchiveFailure) -> ImageDescriptor? {
    guard let config = value["config"] else { return nil }
    return try descriptors(.array([config])).first
  }

  private func descriptors(_ list: JSONValue?) throws(ArchiveFailure) -> [ImageDescriptor] {
    guard let values = list?.array, values.count <= Self.countLimit else {
      throw ArchiveFailure(name, "its list is missing or too long")
    }
    var descriptors: [ImageDescriptor] = []
    for value in values {
      guard let digest = value["digest"]?.string, let size = value["size"]?.number, size >= 0 else {
        throw ArchiveFailure(name, "a descriptor has no digest or no size")
      }
      descriptors.append(
        ImageDescriptor(
          mediaType: value["mediaType"]?.string ?? "",
          digest: digest,
          size: size,
          annotations: value["annotations"],
          platform: ImagePlatform(value["platform"])
        )
      )
    }
    return descriptors
  }
}

/// Says where something is, and what (OCI image specification, "Content Descriptors").
struct ImageDescriptor {
  var mediaType: String
  var digest: String
  var size: Int
  var annotations: JSONValue?
  var platform: ImagePlatform?

  /// The names that the image has.
  var names: [String] {
    ["org.opencontainers.image.ref.name", "io.containerd.image.name"]
      .compactMap { annotations?[$0]?.string }
  }

  /// Whether it is about an image, not one itself.
  var isAttestation: Bool {
    annotations?["vnd.docker.reference.type"] != nil || platform?.system == "unknown"
  }

  /// Whether it is a layer of a filesystem: its type says so, or nothing.
  var isLayer: Bool {
    mediaType.isEmpty || mediaType.hasPrefix("application/vnd.oci.image.layer.")
      || mediaType.hasPrefix("application/vnd.docker.image.rootfs.")
  }
}
