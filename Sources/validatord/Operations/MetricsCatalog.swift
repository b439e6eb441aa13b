/// Every metric of the program: what /metrics says of them, and docs/metrics.md.
enum MetricsCatalog {
  /// One metric.
  struct Metric: Sendable, Hashable {
    enum Kind: String, Sendable { case counter, gauge, histogram }

    let name: String
    let kind: Kind
    /// The names of its labels.
    let labels: [String]
    let meaning: String

    init(_ name: String, _ kind: Kind, _ labels: [String], _ meaning: String) {
      (self.name, self.kind, self.labels, self.meaning) = (name, kind, labels, meaning)
    }

    /// One without labels.
    init(_ name: String, _ kind: Kind, _ meaning: String) { self.init(name, kind, [], meaning) }
  }

  static let all: [Metric] = process + chain + epoch + store + peers + hoster + validator

  /// What `/metrics` has of the process itself, without anybody counting.
  static let process: [Metric] = [
    Metric("validatord_build_info", .gauge, ["version", "role"], "Which program this is; always 1."),
    Metric("validatord_part_ready", .gauge, ["part"], "1 while the part does its work, as in /readyz."),
    Metric("process_start_time_seconds", .gauge, "When the process began, in seconds since 1970."),
    Metric("process_resident_memory_bytes", .gauge, "Memory that the process holds."),
    Metric("process_open_fds", .gauge, "Descriptors that are open."),
    Metric("validatord_series_dropped_total", .counter, "Series that are not kept, since there were too many."),
  ]

  private static let chain: [Metric] = [
    Metric("substrate_rpc_calls_total", .counter, ["endpoint"], "Calls of an endpoint."),
    Metric("substrate_rpc_failures_total", .counter, ["endpoint"], "Calls of an endpoint that failed."),
    Metric("substrate_rpc_connects_total", .counter, ["endpoint"], "Connections that were made with an endpoint."),
    Metric("substrate_rpc_call_seconds", .histogram, ["endpoint"], "How long calls of an endpoint take."),
    Metric("substrate_rpc_best_block", .gauge, ["endpoint"], "The newest block of an endpoint."),
    Metric("substrate_rpc_finalized_block", .gauge, ["endpoint"], "The newest final block of an endpoint."),
    Metric("substrate_stake_cache_hits_total", .counter, "Questions for a peer's stake that a kept answer answered."),
    Metric("substrate_stake_cache_misses_total", .counter, "Questions for a peer's stake that went to the chain."),
    Metric("substrate_stake_unknown_total", .counter, "Questions for a peer's stake that found no answer."),
  ]

  private static let epoch: [Metric] = [
    Metric("epoch_best_block", .gauge, "The newest block that the epoch was judged by."),
    Metric("epoch_final_block", .gauge, "The newest final block that the epoch was judged by."),
    Metric("epoch_number", .gauge, "The subnet's epoch."),
    Metric("epoch_read_failures_total", .counter, "Times that the chain could not be read."),
  ]

  private static let store: [Metric] = [
    Metric("store_file_bytes", .gauge, "The size of the database."),
    Metric("store_log_bytes", .gauge, "The size of the log beside the database; it grows while a reader never ends."),
  ]

  private static let peers: [Metric] = [
    Metric("protocols_rpc_failures_total", .counter, ["code", "rpc", "role"], "Calls between peers that failed."),
    Metric(
      "protocols_rpc_refusals_total", .counter, ["code", "rpc", "role"], "Calls between peers that the gate refused."),
    Metric("api_calls_total", .counter, ["version", "outcome"], "Calls of the API protocol."),
    Metric("api_call_seconds", .histogram, ["version", "outcome"], "How long calls of the API protocol take."),
  ]

  private static let hoster: [Metric] = [
    Metric("hoster_inference_requests_total", .counter, ["outcome"], "Requests for inference, by how they ended."),
    Metric("hoster_inference_tokens_total", .counter, "Tokens that were computed."),
    Metric("hoster_inference_waiting", .gauge, "Requests that wait."),
    Metric("hoster_inference_running", .gauge, "Requests that are computed."),
    Metric("hoster_worker_ready", .gauge, ["worker"], "1 while the worker takes requests."),
    Metric("hoster_worker_degraded", .gauge, ["worker"], "1 when the worker has failed too often in a row."),
    Metric("hoster_worker_starts_total", .counter, ["worker"], "How often the worker was started."),
    Metric("hoster_worker_failures_total", .counter, ["worker", "code"], "Why the worker failed."),
    Metric("hoster_own_runs_total", .counter, ["outcome"], "Epochs by what became of the own run: kept or missed."),
  ]
}
