import NBDFuzzing

/// What libFuzzer calls with every input that it makes up.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  do { try checkRequests(input) } catch { fatalError("\(error)") }
  return 0
}

/// What libFuzzer calls first: writes valid inputs for it, if there is a folder for them.
@_cdecl("LLVMFuzzerInitialize")
public func prepareRequestFuzzer(
  _ count: UnsafeMutablePointer<CInt>?,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
  FuzzSeeds.write(FuzzSeeds.requests)
  return 0
}
