import DiskModel
public import GeneratorKit
import SystemPackage

/// A disk from a byte expression.
///
/// See ``manual`` for the language; `nbdgen help data` prints it.
public enum DataDisk: Generator {
  /// Evaluates the expression; what it refers to is not read, but for streams
  /// and scripts.
  public static func build(
    _ parameters: Parameters,
    in environment: BuildEnvironment
  ) throws(GeneratorError) -> GeneratedDisk {
    try checkAllocator(parameters)
    var unused = Set(parameters.others.keys)
    var disk = try content(parameters, environment, &unused)
    if let size = try size(parameters) {
      disk = disk.slice(0..<min(size, disk.size))
      do throws(DiskError) {
        try disk.pad(to: size)
      } catch {
        preconditionFailure("a size is at most 2^63 - 1")
      }
    }
    // A misspelt parameter is a variable that nobody asks for.
    let notes = unused.sorted().map { "\($0)= is a variable that the expression does not use" }
    return GeneratedDisk(disk, summary: "data disk", notes: notes)
  }

  /// The ways to say what is on the disk.
  private static let forms = ["data", "raw", "base64", "include"]

  private static func content(
    _ parameters: Parameters,
    _ environment: BuildEnvironment,
    _ unused: inout Set<String>
  ) throws(GeneratorError) -> Disk {
    let given = forms.filter { parameters[$0] != nil }
    guard let form = given.first, given.count == 1 else {
      throw .usage(
        parameter: nil,
        problem: "one of data=, raw=, base64= and include= says what is on the disk"
      )
    }
    let text = Array(parameters.required(form).utf8)
    switch form {
    case "raw", "base64":
      if let extra = parameters.others.keys.min() {
        throw .usage(
          parameter: "\(extra)=\(parameters.others[extra] ?? "")",
          problem: "\(form)= knows no variables"
        )
      }
      return form == "raw" ? Disk(literal: text) : try base64(text, parameters)
    case "include":
      return try evaluate(
        try expression(in: parameters.required("include"), parameters, environment),
        name: "include=\(parameters.required("include"))",
        parameters,
        environment,
        &unused
      )
    default:
      return try evaluate(text, name: "data=", parameters, environment, &unused)
    }
  }

  private static func base64(
    _ text: [UInt8],
    _ parameters: Parameters
  ) throws(GeneratorError) -> Disk {
    do throws(Base64.Failure) {
      return Disk(literal: try Base64.decode(text))
    } catch {
      throw parameters.error("base64", "at byte \(error.offset): \(error.problem)")
    }
  }

  /// The expression in a file.
  private static func expression(
    in path: String,
    _ parameters: Parameters,
    _ environment: BuildEnvironment
  ) throws(GeneratorError) -> [UInt8] {
    guard environment.allowsHostAccess else {
      throw parameters.error("include", "--no-exec: files may not be read")
    }
    do throws(Errno) {
      return try HostCall.readFile(path)
    } catch {
      throw .host(["\(path): \(error.description)"])
    }
  }

  private static func evaluate(
    _ text: [UInt8],
    name: String,
    _ parameters: Parameters,
    _ environment: BuildEnvironment,
    _ unused: inout Set<String>
  ) throws(GeneratorError) -> Disk {
    let input = HostInput(
      refusal: environment.allowsHostAccess
        ? nil : "--no-exec: the expression may not read files or run scripts",
      descriptors: environment.descriptors
    )
    do throws(ExpressionError) {
      let list = try Parser.parse(Source(text, name: name)) { variable in
        unused.remove(variable)
        let value = parameters.others[variable] ?? environment.variables[variable]
        return value.map { Array($0.utf8) }
      }
      return try Evaluator.evaluate(Simplifier.simplify(list), input: input)
    } catch {
      throw .expression(error.lines)
    }
  }

  private static func size(_ parameters: Parameters) throws(GeneratorError) -> Int? {
    guard let text = parameters["size"] else { return nil }
    // White space and a sign before it are allowed, as nbdkit has it.
    var digits = text.drop { $0 == " " }
    if digits.hasPrefix("+") { digits.removeFirst() }
    guard let size = Size.parse(digits) else { throw parameters.error("size", Size.advice) }
    return size
  }

  /// Accepts the names of nbdkit's ways to store the disk, which have no
  /// meaning where nothing is stored.
  private static func checkAllocator(_ parameters: Parameters) throws(GeneratorError) {
    let known = ["sparse", "malloc", "malloc,mlock=true", "malloc,mlock=false", "zstd"]
    guard let name = parameters["allocator"], !known.contains(name) else { return }
    throw parameters.error("allocator", "not one of sparse, malloc and zstd; leave it out")
  }
}
