public import DiskModel

/// Is told what clients read of an export.
///
/// The server's own threads call it between requests: nothing that it does may wait.
public protocol ReadObserver: AnyObject, Sendable {
  /// A client begins to use the export.
  ///
  /// - Parameters:
  ///   - client: Where the client is.
  ///   - disk: What it gets; another one for each client, if the export is such.
  /// - Returns: A number by which the connection is known from now on.
  func begin(client: ClientAddress, disk: Disk) -> Int

  /// A client asked for bytes, which it will get unless the host fails.
  func note(_ range: Range<Int>, connection: Int)

  /// A client has gone.
  func end(connection: Int)
}

/// Tells an observer of the reads of one connection.
struct ReadWatch: Sendable {
  private let observer: any ReadObserver
  private let connection: Int

  /// Begins, if there is somebody who wants to know.
  init?(_ observer: (any ReadObserver)?, client: @autoclosure () -> ClientAddress, disk: Disk) {
    guard let observer else { return nil }
    self.observer = observer
    connection = observer.begin(client: client(), disk: disk)
  }

  func note(_ range: Range<Int>) { observer.note(range, connection: connection) }

  func end() { observer.end(connection: connection) }
}
