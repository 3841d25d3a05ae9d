/// What runs on a device: static methods that TornadoVM compiles, a work item for each round of the
/// `@Parallel` loops. They are plain Java and give the same when they are called.
///
/// An argument of a kernel is an array and the place of its first element in it, `x` and `xAt`.
/// Formulas, shapes and sources are documented at the contracts in `dev.irpo.tensor.kernel`.
/// Nothing is added atomically: each element has one work item that sums in a fixed order. What a
/// kernel writes is none of its other arguments: TornadoVM 5.2.0 would never end ordering a task
/// that waits for itself. No kernel holds a condition in a `boolean` variable: the OpenCL code for
/// `a || b` of two such was wrong.
package dev.irpo.tensor.tornado.task;
