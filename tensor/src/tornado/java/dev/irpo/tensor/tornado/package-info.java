/// Kernels for devices through TornadoVM.
///
/// A call of a kernel does not compute: it records tasks, the static methods of
/// `dev.irpo.tensor.tornado.task`, in a [TaskList], which goes into a task graph.
package dev.irpo.tensor.tornado;
