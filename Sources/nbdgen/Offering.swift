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
  var facts: [(key: String, value: JSONText)]

  /// What people should know besides, a line each.
  var notes: [String] = []

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
  /// - Returns: What to serve.
  /// - Throws: ``UserError``.
  func offer(
    named exportName: String,
    _ logger: Logger,
    isQuiet: Bool
  ) throws(UserError) -> Offer {
    switch self {
    case .disk(let recipe):
      return Offer(try recipe.build(), named: exportName)
    case .file(let file, let allowsHostAccess):
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
  init(_ generated: GeneratedDisk, named exportName: String) {
    let summary = generated.summary
    switch generated.content {
    case .disk(let disk):
      catalog = ExportCatalog([Export(name: exportName, description: summary, disk: disk)])
    case .perSession(let recipe):
      let content = Export.Content.perSession(SessionDisk(recipe))
      let export = Export(name: "", description: summary, content: content)
      catalog = ExportCatalog([export], other: export)
    }
    let size = generated.disk.map { ", " + Size.describe($0.size) } ?? ""
    headline = summary + size + (generated.recipe.map { ", recipe \($0)" } ?? "")
    facts = [("summary", .string(summary))]
    if let disk = generated.disk { facts.append(("size", .number(disk.size))) }
    if let recipe = generated.recipe { facts.append(("recipe", .string(recipe))) }
    notes = generated.notes
  }
}
