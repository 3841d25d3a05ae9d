/// What a run takes, before it is begun: memory by purpose, operations, least times and disk.
///
/// Graphs are built as the run would build them and their memory is planned, but none is allocated
/// ([dev.irpo.tensor.program.OutlineBackend]). [dev.irpo.plan.Roofline] turns the work of a graph
/// into the time that a device needs at best; [dev.irpo.plan.Machine] measures the device.
package dev.irpo.plan;
