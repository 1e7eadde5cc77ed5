import CHost
import DiskModel
import GeneratorKit
import Logging
import NBDServer

/// What is to be served, before it is built.
enum Offering {
  /// One disk.
  case disk(DiskRecipe)

  /// The exports of a file.
  case file(ExportsFile, allowsHostAccess: Bool)
}

/// What is served.
struct Offer {
  var catalog: ExportCatalog

  /// What it is, in a few words for people.
  var headline: String

  /// The same for programs.
  var facts = JSONObject()

  /// What people should know besides, a line each.
  var notes: [String] = []

  /// Writes down what clients read; usually nobody does.
  var recorder: TraceRecorder?

  /// Has the server offer something else from now on, because somebody asked for that;
  /// `nil` if there is nothing else.
  var renew: ((NBDServer) -> Void)?
}

extension Offering {
  /// Builds what is built before clients can connect.
  ///
  /// - Parameters:
  ///   - exportName: What the user calls the export, or the default one.
  ///   - logger: Is told of what goes wrong later.
  ///   - isQuiet: Whether a terminal is shown nothing.
  ///   - trace: Where it is written what clients read; `nil` for nowhere.
  /// - Returns: What to serve.
  /// - Throws: ``UserError``.
  func offer(
    named exportName: String,
    _ logger: Logger,
    isQuiet: Bool,
    trace: String?
  ) throws(UserError) -> Offer {
    switch self {
    case .disk(let recipe):
      let generated = try recipe.build()
      let recorder = try trace.map { path throws(UserError) in
        try TraceRecorder(path, of: generated)
      }
      return Offer(generated, named: exportName, recorder)
    case .file(let file, let allowsHostAccess):
      guard trace == nil else {
        throw UserError(
          usage: "--trace: records what clients read of one disk, not of a file of exports; "
            + "serve the disk alone: nbdgen --trace FILE GENERATOR ..."
        )
      }
      host_block_signals()
      let renewal = ExportsRenewal(
        path: file.path,
        defaultName: exportName,
        maker: ExportMaker(allowsHostAccess: allowsHostAccess, logger: logger)
      )
      try file.enterDirectory()
      return try renewal.offer(file, isQuiet: isQuiet)
    }
  }
}

extension Offer {
  /// One disk; an export that depends on its name has any.
  init(_ generated: GeneratedDisk, named exportName: String, _ recorder: TraceRecorder?) {
    self.recorder = recorder
    let summary = generated.summary
    switch generated.content {
    case .disk(let disk):
      var export = Export(name: exportName, description: summary, disk: disk)
      export.observer = recorder
      catalog = ExportCatalog([export])
    case .perSession(let recipe):
      let content = Export.Content.perSession(SessionDisk(recipe))
      var export = Export(name: "", description: summary, content: content)
      export.observer = recorder
      catalog = ExportCatalog([export], other: export)
    }
    let size = generated.disk.map { ", " + Size.describe($0.size) } ?? ""
    headline = summary + size + (generated.recipe.map { ", recipe \($0)" } ?? "")
    facts.add("summary", summary)
    facts.add("size", generated.disk?.size)
    facts.add("recipe", generated.recipe)
    notes = generated.notes
  }
}
