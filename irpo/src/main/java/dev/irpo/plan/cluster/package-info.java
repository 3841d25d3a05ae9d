/// Steps and runs on many processors that there need not be: what each must hold and send, how long
/// it takes, and what of it computing hides.
///
/// A [dev.irpo.plan.cluster.Cluster] is processors in hosts and the networks between them; a
/// [dev.irpo.plan.cluster.Strategy] says who holds what. [dev.irpo.plan.cluster.SimulatedStep] is a
/// training step part by part, [dev.irpo.plan.cluster.SimulatedRun] a run stage by stage. Work is
/// that of the graphs that a run compiles ([dev.irpo.plan.RunPrograms]), as everywhere in a plan.
package dev.irpo.plan.cluster;
