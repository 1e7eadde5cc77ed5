import DiskModel
import GeneratorKit
import NBDServer

extension SessionDisk {
  /// Makes of a generator's recipe what the server wants; they do not know each
  /// other.
  init(_ recipe: SessionRecipe) {
    self.init(isSameForAll: recipe.isSameForAll) { session throws(SessionDiskError) in
      let known = GeneratorKit.Session(
        exportName: session.exportName,
        address: session.client.description,
        connectedAt: session.connectedAt,
        facts: session.facts
      )
      do throws(SessionFailure) {
        return try recipe.make(known)
      } catch {
        throw SessionDiskError(error.problem)
      }
    }
  }
}
