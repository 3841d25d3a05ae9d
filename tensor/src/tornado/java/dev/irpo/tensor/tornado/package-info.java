/// The backend `tornado`: graphs as task graphs of TornadoVM.
///
/// Kernels here do not compute but *record*: asked to bind an operation, they append tasks to a
/// [dev.irpo.tensor.tornado.TaskList], each a static method of `task` with arrays, offsets and
/// sizes. [dev.irpo.tensor.tornado.PlanGraphs] makes a task graph of each section of a program and
/// joins all programs that share variables in one execution plan, because TornadoVM ties a device's
/// memory to a plan. [dev.irpo.tensor.tornado.DevicePlan] runs them and moves a variable only when
/// the other side has it newer.
///
/// ```text
/// graph ─ sections ─▶ TaskList per section ─▶ task graphs ┐
/// variables ─▶ arrays, cut where views begin ─▶ up, down  ├▶ one execution plan
/// computed tensors ─▶ arrays shared by lifetime           ┘
/// ```
package dev.irpo.tensor.tornado;
