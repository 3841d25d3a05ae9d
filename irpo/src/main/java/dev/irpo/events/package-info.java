/// Files that TensorBoard reads: scalars by step ([dev.irpo.events.EventRecords]), in the messages
/// of `event.proto`.
package dev.irpo.events;
