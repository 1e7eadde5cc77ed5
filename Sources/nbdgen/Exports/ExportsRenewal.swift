import CHost
import NBDServer
import Synchronization

/// Turns a file into what is served, at start and whenever it should be read anew.
struct ExportsRenewal {
  let path: String

  /// The export that clients get that name none; empty for the first.
  let defaultName: String

  let maker: ExportMaker

  /// How often the file was read anew.
  private let generation = Generation()

  private final class Generation: Sendable {
    let number = Atomic(0)
  }

  init(path: String, defaultName: String, maker: ExportMaker) {
    self.path = path
    self.defaultName = defaultName
    self.maker = maker
  }

  /// What is served at start; what should be built by then is.
  func offer(_ file: ExportsFile, isQuiet: Bool) throws(UserError) -> Offer {
    let (catalog, first) = try catalog(file)
    let progress = ProgressLine(isQuiet: isQuiet)
    let watch = BuildWatch(onEnd: progress.clear)
    for (index, content) in first.enumerated() {
      progress.show("of \(first.count) exports built", index)
      content.make()
    }
    watch.end()
    progress.clear()
    var offer = Offer(
      catalog: catalog,
      headline: file.headline
    )
    offer.facts.add("exports", file.entries.count)
    offer.facts.add("file", absolute(path))
    offer.renew = { renew($0) }
    return offer
  }

  private func catalog(
    _ file: ExportsFile
  ) throws(UserError) -> (catalog: ExportCatalog, first: [DeferredContent]) {
    if !defaultName.isEmpty { _ = try file.entry(named: defaultName) }
    let (exports, first) = maker.exports(of: file)
    let catalog = ExportCatalog(exports, defaultName: defaultName.isEmpty ? nil : defaultName)
    // Reading the file took more than what is left of it.
    host_trim_memory()
    return (catalog, first)
  }

  /// Reads the file, and has everything built anew; if the file is wrong, all stays
  /// as it is.
  private func renew(_ server: NBDServer) {
    do throws(UserError) {
      let file = try ExportsFile(path)
      let (catalog, first) = try catalog(file)
      let number = generation.number.add(1, ordering: .relaxed).newValue
      maker.logRenewal(of: path, count: file.entries.count)
      server.offer(catalog, afterMaking: first) { [generation] in
        // Unless the file was read once more meanwhile.
        generation.number.load(ordering: .relaxed) == number
      }
    } catch {
      maker.logRefusal(error.lines)
    }
  }
}
