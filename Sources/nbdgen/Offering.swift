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
      return try Offer(generated, named: exportName, trace: trace)
    case .file(let file, let allowsHostAccess):
      host_block_signals()
      // What is wrong should be known before a trace is emptied.
      if !exportName.isEmpty { _ = try file.entry(named: exportName) }
      let trace = trace.map { $0.isEmpty ? $0 : absolute($0) }
      try file.enterDirectory()
      let (headline, count) = (file.headline, file.entries.count)
      let recorder = try trace.map { path throws(UserError) in
        try TraceRecorder(path) { line in
          line.add("disk", headline)
          line.add("exports", count)
        }
      }
      let renewal = ExportsRenewal(
        path: file.path,
        defaultName: exportName,
        maker: ExportMaker(
          allowsHostAccess: allowsHostAccess,
          logger: logger,
          recorder: recorder
        )
      )
      var offer = try renewal.offer(file, isQuiet: isQuiet)
      offer.recorder = recorder
      return offer
    }
  }
}

extension Offer {
  /// One disk; an export that depends on its name has any.
  ///
  /// - Parameters:
  ///   - generated: The disk.
  ///   - exportName: What the user calls it.
  ///   - trace: Where it is written what clients read; `nil` for nowhere.
  /// - Throws: ``UserError`` if that cannot be written.
  init(
    _ generated: GeneratedDisk,
    named exportName: String,
    trace: String?
  ) throws(UserError) {
    let traced = TracedDisk(generated)
    recorder = try trace.map { path throws(UserError) in
      try TraceRecorder(path, describe: traced.describe)
    }
    let observer = recorder.map { TraceObserver(traced, $0) }
    let summary = generated.summary
    switch generated.content {
    case .disk(let disk):
      var export = Export(name: exportName, description: summary, disk: disk)
      export.observer = observer
      catalog = ExportCatalog([export])
    case .perSession(let recipe):
      let content = Export.Content.perSession(SessionDisk(recipe))
      var export = Export(name: "", description: summary, content: content)
      export.observer = observer
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
