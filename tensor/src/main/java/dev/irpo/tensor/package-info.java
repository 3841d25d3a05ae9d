/// Computation as a graph that is built once and run many times.
///
/// A [dev.irpo.tensor.Graph] holds symbolic tensors and the operations between them. Model code is
/// written once against it; `dev.irpo.tensor.autograd.Gradients` appends the operations that
/// compute the gradients; a [dev.irpo.tensor.Backend] plans the memory and turns the graph into a
/// [dev.irpo.tensor.Program], which allocates nothing from then on:
///
/// ```java
/// Graph graph = new Graph();
/// Tensor tokens = graph.input("tokens", DType.INT32, Shape.of(5));
/// Tensor table = graph.variable("embedding", Shape.of(100, 16));
/// Tensor loss = Sum.sum(Embedding.embedding(table, tokens));
/// Gradients.of(loss, List.of(table));        // adds into the variable "gradient/embedding"
/// graph.output(loss);
///
/// Program step = backend.compile(graph, variables);   // variables: buffers by name
/// step.buffer(tokens).setInt(0, 42);                  // inputs are written before each run
/// step.run();
/// double value = step.buffer(loss).get(0);
/// ```
///
/// Four kinds of tensors: inputs (the host writes them before a run), variables (live outside the
/// program and are shared by several: weights, gradients, caches), constants (computed when the
/// graph is compiled) and computed ones (their memory is reused as soon as nobody needs them; only
/// outputs can be read).
///
/// Why not eager: a device backend compiles shapes into its kernels, memory is known ahead, and the
/// same program gives the same bits each time.
package dev.irpo.tensor;
