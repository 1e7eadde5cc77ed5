import DiskModel
import GeneratorKit
import Logging
import NBDServer
import Synchronization

/// Makes the exports of a file when they are wanted, and logs what comes of it.
final class ExportMaker: Sendable {
  private let allowsHostAccess: Bool
  private let logger: Logger

  /// Writes down what clients read; usually nobody does.
  private let recorder: TraceRecorder?

  /// What was logged last of exports that could not be made.
  private let problems = Mutex<[String: [String]]>([:])

  init(allowsHostAccess: Bool, logger: Logger, recorder: TraceRecorder?) {
    self.allowsHostAccess = allowsHostAccess
    self.logger = logger
    self.recorder = recorder
  }

  /// The exports of a file, and those among them that are to be made first.
  func exports(of file: ExportsFile) -> (all: [Export], first: [DeferredContent]) {
    var first: [DeferredContent] = []
    let path = HostPath.printable(file.path.utf8)
    let all = file.entries.map { entry in
      let traced = recorder.map { _ in TracedDisk(export: entry.name) }
      let content = DeferredContent { [self] () throws(SessionDiskError) in
        try make(entry, of: path, traced)
      }
      if entry.isBuiltAtStart { first.append(content) }
      var export = Export(
        name: entry.name,
        description: entry.description,
        content: .deferred(content)
      )
      if let recorder, let traced { export.observer = TraceObserver(traced, recorder) }
      return export
    }
    return (all, first)
  }

  /// Says that a file was read anew.
  func logRenewal(of path: String, count: Int) {
    logger.notice(
      "\(HostPath.printable(path.utf8)) was read anew: \(count) \(count == 1 ? "export" : "exports")"
    )
  }

  /// Says why nothing is served anew.
  func logRefusal(_ lines: [String]) {
    for line in lines { logger.error("\(line)") }
    logger.error("the exports stay as they were")
  }

  private func make(
    _ entry: ExportsFile.Entry,
    of path: String,
    _ traced: TracedDisk?
  ) throws(SessionDiskError) -> Export.Content {
    let name = "export \"\(HostPath.printable(entry.name.utf8))\""
    let metadata: Logger.Metadata = ["export": "\(HostPath.printable(entry.name.utf8))"]
    let recipe = DiskRecipe(
      generator: entry.generator,
      words: entry.words,
      allowsHostAccess: allowsHostAccess
    )
    let start = ContinuousClock.now
    let generated: GeneratedDisk
    do throws(UserError) {
      generated = try recipe.make()
    } catch {
      // Clients may try again and again.
      let isNews = problems.withLock { problems in
        problems.updateValue(error.lines, forKey: entry.name) != error.lines
      }
      if isNews {
        let place = "\(path):\(entry.position.line):\(entry.position.column)"
        for line in error.lines {
          logger.error("\(place): \(name) cannot be built: \(line)", metadata: metadata)
        }
      }
      throw SessionDiskError(
        "the export cannot be built: \(error.lines.first ?? "the server's log says why")"
      )
    }
    problems.withLock { _ = $0.removeValue(forKey: entry.name) }
    for note in generated.notes { logger.notice("\(name): \(note)", metadata: metadata) }
    let time = (ContinuousClock.now - start).components
    let milliseconds = time.seconds * 1000 + time.attoseconds / 1_000_000_000_000_000
    logger.debug("\(name) is built in \(milliseconds) ms: \(generated.summary)", metadata: metadata)
    traced?.set(generated)
    switch generated.content {
    case .disk(let disk): return .disk(disk)
    case .perSession(let recipe): return .perSession(SessionDisk(recipe))
    }
  }
}
