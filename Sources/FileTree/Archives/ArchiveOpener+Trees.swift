import DiskModel

extension ArchiveOpener {
  /// The tree that a tar archive holds, compressed or not.
  ///
  /// - Parameters:
  ///   - path: The archive, a file of the host.
  ///   - keepsAttributes: Whether files have their extended attributes.
  /// - Returns: The tree, with what the user should know as its notes.
  /// - Throws: ``ArchiveFailure`` for the first thing that is wrong.
  package func tree(
    tar path: String,
    keepsAttributes: Bool = true
  ) throws(ArchiveFailure) -> Tree {
    var draft = ArchiveDraft(keepsAttributes: keepsAttributes)
    let opened = try open(try file(path)) { input throws(ArchiveFailure) in
      try TarReader.read(input)
    }
    try draft.add(opened.found.members, of: opened.archive, hasWhiteouts: false)
    draft.add(notes: takeNotes() + opened.found.notes)
    return draft.draft.finish()
  }

  /// The tree that the layers of an image make.
  ///
  /// - Parameters:
  ///   - path: An image layout or an archive of `docker save`: a directory of the
  ///     host, or a tar archive of one.
  ///   - choice: Which image.
  ///   - keepsAttributes: Whether files have their extended attributes.
  /// - Returns: The tree, with what the user should know as its notes.
  /// - Throws: ``ArchiveFailure`` for the first thing that is wrong.
  package func tree(
    image path: String,
    _ choice: ImageChoice,
    keepsAttributes: Bool = true
  ) throws(ArchiveFailure) -> Tree {
    var draft = ArchiveDraft(keepsAttributes: keepsAttributes)
    let layout = ImageLayout(try imageFiles(path))
    var notes: [String] = []
    for layer in try layout.layers(choice) {
      let opened = try open(layer) { input throws(ArchiveFailure) in
        try TarReader.read(input, readsConcatenated: false)
      }
      try draft.add(opened.found.members, of: opened.archive, hasWhiteouts: true)
      notes += opened.found.notes
    }
    draft.add(notes: takeNotes() + notes)
    return draft.draft.finish()
  }
}
