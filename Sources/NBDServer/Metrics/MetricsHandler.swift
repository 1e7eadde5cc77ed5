import NIOCore
import NIOHTTP1

/// Answers requests for metrics over HTTP.
final class MetricsHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// How long a collector may take, connections that it keeps included.
  static let timeLimit = TimeAmount.seconds(60)

  /// How many connections there may be at a time.
  static let limits = {
    var limits = ServerLimits()
    limits.connections = 16
    return limits
  }()

  private let services: ConnectionServices
  private var head: HTTPRequestHead?

  init(_ services: ConnectionServices) { self.services = services }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.timeLimit) { bound.value.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error _: any Error) {
    context.close(promise: nil)
  }

  private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path = request.uri.prefix { $0 != "?" }
    switch (request.method, path) {
    case (.GET, "/metrics"), (.HEAD, "/metrics"):
      let text = services.currentMetrics.prometheusText
      send(.ok, "text/plain; version=0.0.4; charset=utf-8", text, to: request, context)
    case (.GET, _), (.HEAD, _):
      send(.notFound, "text/plain", "There is only /metrics.\n", to: request, context)
    default:
      send(.methodNotAllowed, "text/plain", "Only GET is answered.\n", to: request, context)
    }
  }

  private func send(
    _ status: HTTPResponseStatus,
    _ type: String,
    _ text: String,
    to request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: type)
    headers.add(name: "content-length", value: "\(text.utf8.count)")
    if !request.isKeepAlive { headers.add(name: "connection", value: "close") }
    if status == .methodNotAllowed { headers.add(name: "allow", value: "GET, HEAD") }
    let head = HTTPResponseHead(version: request.version, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if !request.isKeepAlive { context.close(mode: .output, promise: nil) }
  }
}
