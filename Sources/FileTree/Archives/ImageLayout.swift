import DiskModel

/// An image layout: finds the layers of an image (OCI image specification), also in
/// an archive of `docker save`, which has a list of its own.
struct ImageLayout {
  let files: any ImageFiles

  init(_ files: any ImageFiles) { self.files = files }

  /// The most bytes of a document, and how deep indices may be nested.
  private static let documentLimit = 8 << 20
  private static let depthLimit = 8

  /// The layers of an image, the lowest one first.
  func layers(_ choice: ImageChoice) throws(ArchiveFailure) -> [ArchiveBytes] {
    if let file = try files.file(named: "index.json") {
      let index = try ImageDocument(try document(file), name: file.name)
      return try layers(index, choice)
    }
    if let file = try files.file(named: "manifest.json") {
      return try dockerLayers(try document(file), choice)
    }
    throw failure("neither an image layout (index.json) nor of docker save (manifest.json)")
  }

  private func failure(_ problem: String) -> ArchiveFailure { ArchiveFailure(files.name, problem) }

  // MARK: Documents

  private func document(_ file: ArchiveBytes) throws(ArchiveFailure) -> JSONValue {
    guard file.size <= Self.documentLimit else {
      throw ArchiveFailure(file.name, "has \(file.size) bytes; at most 8 MiB are possible")
    }
    let text = try file.wholeContent()
    do throws(JSONValue.Failure) {
      return try JSONValue(text)
    } catch {
      throw ArchiveFailure(file.name, at: error.offset, "not JSON: \(error.problem)")
    }
  }

  /// The blob of a descriptor, whose size and digest are checked.
  private func blob(_ descriptor: ImageDescriptor) throws(ArchiveFailure) -> ArchiveBytes {
    let parts = descriptor.digest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "sha256", parts[1].utf8.count == 64,
      parts[1].utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
    else {
      let shown = HostPath.printable(descriptor.digest.utf8.prefix(100))
      throw failure("the digest \(shown) is not of SHA-256")
    }
    guard let blob = try files.file(named: "blobs/sha256/\(parts[1])") else {
      throw failure("the blob \(descriptor.digest) is missing")
    }
    guard blob.size == descriptor.size else {
      throw ArchiveFailure(
        blob.name,
        "has \(blob.size) bytes, where the image says \(descriptor.size)"
      )
    }
    try check(blob, parts[1])
    return blob
  }

  private func check(_ blob: ArchiveBytes, _ digest: some StringProtocol) throws(ArchiveFailure) {
    guard try blob.digest() == digest else {
      throw ArchiveFailure(blob.name, "does not have the digest that the image says: it is damaged")
    }
  }

  // MARK: OCI

  private func layers(
    _ index: ImageDocument,
    _ choice: ImageChoice
  ) throws(ArchiveFailure) -> [ArchiveBytes] {
    var descriptors = try index.manifests().filter { !$0.isAttestation }
    if let name = choice.name {
      let named = descriptors.filter { $0.names.contains(name) }
      guard !named.isEmpty else { throw noImage(name, among: descriptors.flatMap(\.names)) }
      descriptors = named
    } else {
      let wanted = choice.platform ?? .host
      let usable = descriptors.filter { $0.platform.map { wanted.accepts($0) } ?? true }
      if Set(usable.map(\.digest)).count > 1, Set(usable.map(\.names)).count > 1 {
        throw severalImages(usable.flatMap(\.names))
      }
    }
    return try layers(of: descriptors, choice.platform, depth: 0)
  }

  private func severalImages(_ names: [String]) -> ArchiveFailure {
    failure("has several images; image= picks one of \(Self.list(names))")
  }

  private func noImage(_ name: String, among names: [String]) -> ArchiveFailure {
    let shown = HostPath.printable(name.utf8)
    let advice = names.isEmpty ? "its images have no names" : "it has \(Self.list(names))"
    return failure("has no image \(shown); \(advice)")
  }

  /// Names for people, not too many of them.
  private static func list(_ names: [String]) -> String {
    var known: Set<String> = []
    let shown = names.filter { known.insert($0).inserted }.map { HostPath.printable($0.utf8) }
    let more = shown.count > 20 ? " and \(shown.count - 20) more" : ""
    return shown.prefix(20).joined(separator: ", ") + more
  }

  /// The layers of the first image that runs on a platform.
  private func layers(
    of descriptors: [ImageDescriptor],
    _ platform: ImagePlatform?,
    depth: Int
  ) throws(ArchiveFailure) -> [ArchiveBytes] {
    let wanted = platform ?? .host
    guard depth < Self.depthLimit else { throw failure("its indices are nested too deep") }
    let usable = descriptors.first { $0.platform.map { wanted.accepts($0) } ?? true }
    guard let usable else {
      let platforms = Self.list(descriptors.compactMap { $0.platform?.description })
      let advice = descriptors.isEmpty ? "it has none" : "platform= picks one of \(platforms)"
      throw failure("has no image for \(wanted); \(advice)")
    }
    let file = try blob(usable)
    let document = try ImageDocument(try document(file), name: file.name)
    guard document.isManifest else {
      let nested = try document.manifests().filter { !$0.isAttestation }
      return try layers(of: nested, platform, depth: depth + 1)
    }
    if let platform, usable.platform == nil {
      try check(try document.configuration(), platform)
    }
    var layers: [ArchiveBytes] = []
    for layer in try document.layers() { layers.append(try blob(layer)) }
    return layers
  }

  /// Checks that a configuration, if there is one, is for a platform.
  private func check(
    _ descriptor: ImageDescriptor?,
    _ platform: ImagePlatform
  ) throws(ArchiveFailure) {
    guard let descriptor else { return }
    let configuration = try document(try blob(descriptor))
    if let actual = ImagePlatform(configuration), !platform.accepts(actual) {
      throw failure("has no image for \(platform); it has one for \(actual)")
    }
  }

  // MARK: docker save

  private func dockerLayers(
    _ list: JSONValue,
    _ choice: ImageChoice
  ) throws(ArchiveFailure) -> [ArchiveBytes] {
    var images = list.array ?? []
    func names(_ image: JSONValue) -> [String] {
      (image["RepoTags"]?.array ?? []).compactMap(\.string)
    }
    if let name = choice.name {
      let all = images.flatMap(names)
      images = images.filter { !Set(names($0)).isDisjoint(with: [name, "\(name):latest"]) }
      if images.isEmpty { throw noImage(name, among: all) }
    }
    guard images.count <= 1 else { throw severalImages(images.flatMap(names)) }
    guard let paths = images.first?["Layers"]?.array else { throw failure("it names no layers") }
    var configuration: JSONValue?
    if let path = images.first?["Config"]?.string, let file = try file(at: path) {
      configuration = try document(file)
    }
    let actual = ImagePlatform(configuration)
    if let platform = choice.platform, let actual, !platform.accepts(actual) {
      throw failure("has no image for \(platform); it has one for \(actual)")
    }
    let digests = configuration?["rootfs"]?["diff_ids"]?.array ?? []
    var layers: [ArchiveBytes] = []
    for (index, path) in paths.enumerated() {
      guard let path = path.string, let layer = try file(at: path) else {
        let shown = HostPath.printable((path.string ?? "").utf8)
        throw failure("the layer \(shown) is missing")
      }
      // The digests are of what is not compressed.
      if index < digests.count, let digest = digests[index].string, digest.hasPrefix("sha256:"),
        Compression(start: try layer.bytes(6, at: 0)) == .none
      {
        try check(layer, digest.dropFirst(7))
      }
      layers.append(layer)
    }
    return layers
  }

  /// The file at a path that a document names.
  private func file(at path: String) throws(ArchiveFailure) -> ArchiveBytes? {
    let normal: [UInt8]
    do throws(TarPath.Fault) {
      normal = try TarPath.normalized(path.utf8)
    } catch {
      throw failure("the file \(HostPath.printable(path.utf8)) \(error.problem)")
    }
    return try files.file(normal)
  }
}
