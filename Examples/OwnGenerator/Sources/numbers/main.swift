import DiskModel
import Dispatch
import GeneratorKit
import Logging
import NBDServer

let words = Array(CommandLine.arguments.dropFirst())
let environment = BuildEnvironment(variables: [:], descriptors: DescriptorCache(capacity: 16))
do {
  let parameters = try Parameters(words, for: Numbers.manual)
  let numbers = try Numbers.build(parameters, in: environment)
  guard let disk = numbers.disk else { preconditionFailure("it is the same for all clients") }
  let server = try NBDServer(
    on: .tcp(address: nil, port: 10809),
    catalog: ExportCatalog([Export(name: "", description: numbers.summary, disk: disk)]),
    logger: Logger(label: "numbers")
  )
  print("\(numbers.summary), on \(server.endpoint)")
  dispatchMain()
} catch let error as GeneratorError {
  print(error.lines.joined(separator: "\n"))
}
