/// Devices that programs can run on: what the user may ask of one, and how backends for them are
/// found.
///
/// A backend for a device is a [dev.irpo.tensor.device.DeviceProvider] on the class path, found
/// with [java.util.ServiceLoader], so that nothing else needs the device's libraries to be
/// compiled. Whatever a device refuses or loses ends in a [dev.irpo.tensor.device.DeviceFailure].
package dev.irpo.tensor.device;
