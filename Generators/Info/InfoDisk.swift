import DataGenerator
import DiskModel
public import GeneratorKit

/// A disk that each client brings itself, in the name of the export that it asks
/// for, or that tells it about itself.
///
/// See ``manual``; `nbdgen help info` prints it.
public enum InfoDisk: Generator {
  /// Makes the recipe; disks are made when clients ask for them.
  public static func build(
    _ parameters: Parameters,
    in environment: BuildEnvironment
  ) throws(GeneratorError) -> GeneratedDisk {
    let mode = try mode(parameters)
    let start = environment.clock.now()
    let recipe = SessionRecipe(isSameForAll: mode.dependsOnNameOnly) {
      session throws(SessionFailure) in
      switch mode {
      case .exportName:
        return Disk(session.exportName)
      case .base64ExportName:
        return try base64(session.exportName)
      case .data:
        return try expression(session.exportName)
      case .address:
        return Disk(Array(session.address.utf8))
      case .connection:
        return Disk(Array(description(of: session).utf8))
      case .time:
        return TimeSource.disk(environment.clock.sinceEpoch)
      case .uptime:
        return TimeSource.disk { environment.clock.now() - start }
      case .connectionTime:
        return TimeSource.disk { environment.clock.now() - session.connectedAt }
      }
    }
    return GeneratedDisk(.perSession(recipe), summary: mode.summary)
  }

  private static func mode(_ parameters: Parameters) throws(GeneratorError) -> Mode {
    guard let word = parameters["mode"] else { return .exportName }
    if let mode = Mode(word) { return mode }
    let names = Mode.allCases.map(\.rawValue)
    let advice =
      closestMatch(to: word.lowercased(), among: names).map { "did you mean \($0)?" }
      ?? "there is \(names.joined(separator: ", "))"
    throw parameters.error("mode", "not a mode; \(advice)")
  }

  private static func base64(_ name: [UInt8]) throws(SessionFailure) -> Disk {
    do throws(Base64.Failure) {
      return Disk(try Base64.decode(name, as: .lenient))
    } catch {
      throw SessionFailure("the export name is not Base64: \(error.problem) (byte \(error.offset))")
    }
  }

  /// Evaluates a name.
  ///
  /// A URI may have its characters written as `%XX`, and the client takes that
  /// back before it asks for the export. A name from a client that does not is no
  /// expression, as `%` is none outside of strings; so it is tried once more with
  /// that taken back.
  private static func expression(_ name: [UInt8]) throws(SessionFailure) -> Disk {
    do throws(StrangersExpression.Failure) {
      return try StrangersExpression.disk(name)
    } catch {
      if let decoded = PercentEncoding.decode(name), decoded != name,
        let disk = try? StrangersExpression.disk(decoded)
      {
        return disk
      }
      throw SessionFailure(
        "the export name is not a data expression: \(error.problem) (byte \(error.offset))"
      )
    }
  }

  /// Everything that is known of a connection, a line each.
  private static func description(of session: Session) -> String {
    let name = HostPath.printable(session.exportName).replacing("\"", with: "\\\"")
    let lines =
      [(subject: "export name", value: "\"\(name)\", \(session.exportName.count) bytes")]
      + session.facts
    return lines.map { "\($0.subject): \($0.value)\n" }.joined()
  }
}
