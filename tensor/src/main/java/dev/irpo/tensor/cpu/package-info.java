/// The kernels on the Vector API and a fixed pool of threads.
///
/// Results are the same bits for any number of threads, any vector width, and whether code is
/// interpreted or compiled, and a row's result depends on that row alone, so that sampling, scoring
/// and training agree. Three rules give that:
///
/// - each element of a matrix product is one chain of fused multiply-adds in ascending order of the
///   summed index ([dev.irpo.tensor.cpu.Tiles]); tasks split results, never sums;
/// - each reduction over a row keeps 16 partial sums, element j in sum j mod 16, and adds them by
///   halves ([dev.irpo.tensor.cpu.Lanes]);
/// - elementwise code consists of exactly rounded operations only, the exponential included, and
///   the elements that fill no vector are computed by the same ones.
///
/// Weights are packed into panels once per change; packed and cached attention run the same
/// products and the same softmax over the keys of one sequence. What a kernel keeps between its
/// steps lies in named areas of each thread's [dev.irpo.tensor.cpu.Scratch].
package dev.irpo.tensor.cpu;
