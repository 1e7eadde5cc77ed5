import CYAML

/// A run of libyaml's parser: what it finds in bytes that are UTF-8, one after the
/// other.
@safe struct YAMLEvents: ~Copyable {
  /// libyaml keeps pointers to it, so that it stays where it is.
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  /// libyaml reads from here.
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// What is found.
  struct Event {
    var kind: Kind
    /// Where it starts.
    var position: FilePosition

    enum Kind {
      case streamStart
      case streamEnd
      case documentStart
      case documentEnd
      case alias
      case scalar(String, isPlain: Bool, tag: String?)
      case sequenceStart(tag: String?)
      case sequenceEnd
      case mappingStart(tag: String?)
      case mappingEnd
    }
  }

  /// Why nothing more is found.
  enum Failure: Error {
    case outOfMemory
    /// A character that YAML does not allow, and at which byte.
    case character(Int, offset: Int)
    /// What libyaml says; it went wrong in something that began on another line.
    case syntax(String, at: FilePosition, startLine: Int?)
  }

  init(_ bytes: [UInt8]) {
    unsafe input = .allocate(capacity: bytes.count)
    _ = unsafe input.initialize(fromContentsOf: bytes)
    unsafe parser = .allocate(capacity: 1)
    unsafe parser.initialize(to: yaml_parser_t())
    precondition(unsafe yaml_parser_initialize(parser) == 1, "there is memory for a parser")
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe input.deallocate()
  }

  /// The next event; after the end of the stream there is none.
  mutating func next() throws(Failure) -> Event {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure }
    defer { unsafe yaml_event_delete(&event) }
    return unsafe Event(kind: Self.kind(of: event), position: FilePosition(event.start_mark))
  }

  private static func kind(of event: yaml_event_t) -> Event.Kind {
    switch unsafe event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
      return unsafe .scalar(
        String(decoding: bytes, as: UTF8.self),
        isPlain: isPlain,
        tag: scalar.quoted_implicit == 1 ? nil : text(scalar.tag)
      )
    case YAML_SEQUENCE_START_EVENT:
      return unsafe .sequenceStart(tag: text(event.data.sequence_start.tag))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      return unsafe .mappingStart(tag: text(event.data.mapping_start.tag))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default: return .streamEnd
    }
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
  }

  private var failure: Failure {
    let state = unsafe parser.pointee
    let problem = unsafe state.problem.map { unsafe String(cString: $0) } ?? ""
    switch unsafe state.error {
    case YAML_MEMORY_ERROR: return .outOfMemory
    case YAML_READER_ERROR:
      return unsafe .character(Int(state.problem_value), offset: Int(state.problem_offset))
    default:
      return unsafe .syntax(
        problem,
        at: FilePosition(state.problem_mark),
        startLine: state.context == nil ? nil : FilePosition(state.context_mark).line
      )
    }
  }
}

extension FilePosition {
  /// libyaml counts from 0.
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }
}
