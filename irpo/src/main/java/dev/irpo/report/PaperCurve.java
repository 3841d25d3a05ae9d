package dev.irpo.report;

import java.util.List;

/// What the paper reports for GSM8K (arXiv:2404.19733, table 1), greedy, in percent.
///
/// @param percent of M_0, which answers zero-shot with a chain of thought, and of iterations 1 to 4
record PaperCurve(String name, String source, List<Double> percent) {
  static final PaperCurve GSM8K =
      new PaperCurve(
          "the paper: GSM8K, Llama-2-70B-chat",
          "arXiv:2404.19733, table 1",
          List.of(55.6, 73.1, 78.0, 81.1, 81.6));
}
