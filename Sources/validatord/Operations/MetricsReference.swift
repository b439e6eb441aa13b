/// docs/metrics.md, made from ``MetricsCatalog``.
enum MetricsReference {
  static var markdown: String {
    var text = """
      # Operations over HTTP

      Both daemons serve these at `operations.listen`, on loopback unless configured otherwise. They show no secret and
      change nothing.

      | path | answer |
      |---|---|
      | `/livez` | 200 while the process answers at all; restart it if not |
      | `/readyz` | 200 when every part does its work, else 503; JSON with each part, its state and a sentence |
      | `/healthz` | as `/readyz`, and 503 as well when a part works and somebody should look |
      | `/metrics` | Prometheus' text format |

      ```sh
      curl -s http://127.0.0.1:9700/readyz
      ```

      A part is `well`, `impaired` (it works; look at it) or `waiting` (it does not work yet, or not now). A daemon that
      sees no final block for `chain.stall-timeout` does not wait for a probe: it ends with 70 and says why.

      ## Metrics

      Made by `validatord config reference metrics`; tests hold it to the code. A metric keeps 256 combinations of its
      labels at most.

      | metric | kind | labels | |
      |---|---|---|---|

      """
    for metric in MetricsCatalog.all {
      let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
      text += "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.meaning) |\n"
    }
    // The last line's end comes with the writing of the document.
    return String(text.dropLast())
  }
}
